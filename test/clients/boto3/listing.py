"""Lists: thousands of keys, pages, delimiters, markers."""

from concurrent.futures import ThreadPoolExecutor

from harness import client, fails_with, fresh_bucket, job, same


def fill(s3, bucket, keys):
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=key.encode()[:7]), keys))


def keys_of(pages):
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def prefixes_of(pages):
    return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]


@job
def thousands_of_keys():
    s3 = client()
    keys = sorted(
        [f"day-{day:02}/hour-{hour:02}/{n}" for day in range(10) for hour in range(24) for n in range(9)]
        + ["top-1", "top-2"]
    )
    with fresh_bucket(s3) as bucket:
        fill(s3, bucket, keys)
        v2, v1 = s3.get_paginator("list_objects_v2"), s3.get_paginator("list_objects")
        same(keys_of(v2.paginate(Bucket=bucket)), keys, "all keys by version 2")
        same(keys_of(v1.paginate(Bucket=bucket)), keys, "all keys by version 1")
        same(len(list(v2.paginate(Bucket=bucket))), 3, "pages")
        odd = v2.paginate(Bucket=bucket, PaginationConfig={"PageSize": 7, "MaxItems": 100})
        same(keys_of(odd), keys[:100], "pages of 7")
        days = [f"day-{day:02}/" for day in range(10)]
        for paginator in (v2, v1):
            for size in (1000, 3, 1):
                pages = list(paginator.paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}))
                same((prefixes_of(pages), keys_of(pages)), (days, ["top-1", "top-2"]), f"delimiter, pages of {size}")
        hours = prefixes_of(v2.paginate(Bucket=bucket, Prefix="day-03/", Delimiter="/"))
        same(hours, [f"day-03/hour-{hour:02}/" for hour in range(24)], "prefixes below a prefix")
        same(
            keys_of(v2.paginate(Bucket=bucket, Prefix="day-03/hour-1")),
            [key for key in keys if key.startswith("day-03/hour-1")],
            "prefix",
        )
        later = [key for key in keys if key > "day-09/hour-22/3"]
        same(keys_of(v2.paginate(Bucket=bucket, StartAfter="day-09/hour-22/3")), later, "StartAfter")
        same(keys_of(v1.paginate(Bucket=bucket, Marker="day-09/hour-22/3")), later, "Marker")
        long = prefixes_of(v2.paginate(Bucket=bucket, Delimiter="/hour-0"))
        same(long, [f"day-{day:02}/hour-0" for day in range(10)], "a longer delimiter")
        delete_all_in_thousands(s3, bucket, keys)


def delete_all_in_thousands(s3, bucket, keys):
    for start in range(0, len(keys), 1000):
        batch = [{"Key": key} for key in keys[start : start + 1000]]
        quiet = start > 0
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": quiet})
        deleted = sorted(entry["Key"] for entry in answer.get("Deleted", []))
        same(deleted, [] if quiet else sorted(entry["Key"] for entry in batch), f"Deleted, quiet {quiet}")
        assert not answer.get("Errors"), answer.get("Errors")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket), "objects are left"


@job
def delete_objects_limits():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="there", Body=b"x")
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "there"}, {"Key": "never & nowhere"}]})
        same(
            sorted(entry["Key"] for entry in answer["Deleted"]),
            ["never & nowhere", "there"],
            "a missing key counts as deleted",
        )
        too_many = [{"Key": str(n)} for n in range(1001)]
        fails_with("MalformedXML", 400, s3.delete_objects, Bucket=bucket, Delete={"Objects": too_many})
        fails_with("NoSuchBucket", 404, s3.delete_objects, Bucket=bucket + "-not", Delete={"Objects": [{"Key": "a"}]})


@job
def list_answers_echo_what_was_asked():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        fill(s3, bucket, ["a", "b/1", "b/2", "c"])
        two = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2, FetchOwner=True)
        expected = (bucket, 2, "/", True, 2, "")
        same(
            (two["Name"], two["MaxKeys"], two["Delimiter"], two["IsTruncated"], two["KeyCount"], two["Prefix"]),
            expected,
            "page 1",
        )
        entry = two["Contents"][0]
        same((entry["Key"], entry["Size"], entry["StorageClass"]), ("a", 1, "STANDARD"), "entry")
        assert entry["Owner"]["ID"], "FetchOwner gives no owner"
        same(two["CommonPrefixes"], [{"Prefix": "b/"}], "CommonPrefixes")
        rest = s3.list_objects_v2(
            Bucket=bucket, Delimiter="/", MaxKeys=2, ContinuationToken=two["NextContinuationToken"]
        )
        same(
            (keys_of([rest]), rest["IsTruncated"], rest["ContinuationToken"]),
            (["c"], False, two["NextContinuationToken"]),
            "page 2",
        )
        assert "Owner" not in rest["Contents"][0], "an owner without FetchOwner"
        none = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
        same((none["KeyCount"], none["IsTruncated"], none.get("Contents")), (0, False, None), "MaxKeys 0")
        first = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2)
        same((first["NextMarker"], first["Marker"], first["IsTruncated"]), ("b/", "", True), "version 1")
        assert first["Contents"][0]["Owner"]["ID"], "version 1 always has the owner"
        fails_with("InvalidArgument", 400, s3.list_objects_v2, Bucket=bucket, ContinuationToken="not one of ours")
        fails_with("InvalidArgument", 400, s3.list_objects_v2, Bucket=bucket, MaxKeys=-1)


@job
def buckets_by_pages():
    s3 = client()
    names = [f"pages-{n}-of-buckets" for n in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    try:
        pages = list(s3.get_paginator("list_buckets").paginate(Prefix="pages-", PaginationConfig={"PageSize": 2}))
        same([bucket["Name"] for page in pages for bucket in page["Buckets"]], names, "buckets")
        same(len(pages), 3, "pages")
        same(pages[0]["Prefix"], "pages-", "Prefix")
    finally:
        for name in names:
            s3.delete_bucket(Bucket=name)
