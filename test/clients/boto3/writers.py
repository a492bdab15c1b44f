"""A hundred writers at once on one key, each in a thread of its own with a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from botocore.exceptions import ClientError
from harness import KIB, client, content, fresh_bucket, job, md5, same

WRITERS = 100
# Inline bodies, bodies that go to drives whole, and bodies that are striped.
SIZES = (3 * KIB, 90 * KIB, 300 * KIB)


def all_at_once(work):
    """Calls `work(i)` in a hundred threads that start together; the answers by i, exceptions not caught."""
    gate = Barrier(WRITERS)

    def run(i):
        gate.wait(timeout=60)
        return work(i)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def body_of(i):
    return content(f"writer {i}", SIZES[i % len(SIZES)])


def many():
    return client(max_pool_connections=WRITERS)


def outcome(call):
    """`won`, or the code that the call was refused with."""
    try:
        call()
        return "won"
    except ClientError as error:
        return error.response["Error"]["Code"]


@job
def hundred_versions_of_one_key():
    s3 = many()
    with fresh_bucket(s3) as bucket:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        puts = all_at_once(lambda i: s3.put_object(Bucket=bucket, Key="k", Body=body_of(i), Metadata={"by": str(i)}))
        ids = [put["VersionId"] for put in puts]
        same(len(set(ids)), WRITERS, "different version ids")
        listed = s3.list_object_versions(Bucket=bucket)["Versions"]
        same(sorted(version["VersionId"] for version in listed), sorted(ids), "listed versions")
        same([version["IsLatest"] for version in listed], [True] + [False] * (WRITERS - 1), "which is the latest")
        for i, put in enumerate(puts):
            got = s3.get_object(Bucket=bucket, Key="k", VersionId=put["VersionId"])
            same(got["Body"].read(), body_of(i), f"version of writer {i}")
            same((got["Metadata"], got["ETag"]), ({"by": str(i)}, put["ETag"]), f"head of writer {i}")
        latest = s3.get_object(Bucket=bucket, Key="k")
        same(latest["VersionId"], listed[0]["VersionId"], "the version that is read")


@job
def hundred_overwrites_of_one_key():
    s3 = many()
    with fresh_bucket(s3) as bucket:
        all_at_once(lambda i: s3.put_object(Bucket=bucket, Key="k", Body=body_of(i), Metadata={"by": str(i)}))
        got = s3.get_object(Bucket=bucket, Key="k")
        winner = int(got["Metadata"]["by"])
        same((got["Body"].read(), got["ETag"].strip('"')), (body_of(winner), md5(body_of(winner))), "the last one")
        listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
        same([(entry["Key"], entry["Size"]) for entry in listed], [("k", len(body_of(winner)))], "list")
        s3.put_object(Bucket=bucket, Key="k", Body=b"after them")
        same(s3.get_object(Bucket=bucket, Key="k")["Body"].read(), b"after them", "what comes after them")


@job
def one_of_a_hundred_creates():
    s3 = many()
    with fresh_bucket(s3) as bucket:
        for key in ("first", "second"):
            put = lambda i: outcome(lambda: s3.put_object(Bucket=bucket, Key=key, Body=body_of(i), IfNoneMatch="*"))
            answers = all_at_once(put)
            same(answers.count("won"), 1, f"winners of {key}")
            refused = set(answers) - {"won"}
            same(refused <= {"PreconditionFailed", "ConditionalRequestConflict"}, True, f"refusals {refused}")
            got = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            same(got, body_of(answers.index("won")), "the winner's body")


@job
def one_of_a_hundred_replacements():
    s3 = many()
    with fresh_bucket(s3) as bucket:
        etag = s3.put_object(Bucket=bucket, Key="k", Body=b"lease 0")["ETag"]
        answers = all_at_once(
            lambda i: outcome(lambda: s3.put_object(Bucket=bucket, Key="k", Body=body_of(i), IfMatch=etag))
        )
        same(answers.count("won"), 1, "winners")
        same(s3.get_object(Bucket=bucket, Key="k")["Body"].read(), body_of(answers.index("won")), "body")


@job
def a_hundred_increments_by_compare_and_swap():
    """Each thread adds one to a counter until it has won; the sum shows a lost update."""
    s3 = many()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="counter", Body=b"0")

        def increment(_):
            for tries in range(1, 1000):
                got = s3.get_object(Bucket=bucket, Key="counter")
                value = int(got["Body"].read()) + 1
                put = lambda: s3.put_object(Bucket=bucket, Key="counter", Body=str(value), IfMatch=got["ETag"])
                if outcome(put) == "won":
                    return tries
            raise AssertionError("never won")

        with ThreadPoolExecutor(4) as pool:
            tries = list(pool.map(increment, range(100)))
        same(s3.get_object(Bucket=bucket, Key="counter")["Body"].read(), b"100", "counter")
        return f"{sum(tries)} tries"


@job
def a_hundred_copies_and_deletes_of_one_key():
    """Readers never see anything but a whole body or none while a key is copied onto and deleted."""
    s3 = many()
    with fresh_bucket(s3) as bucket:
        whole = {md5(body_of(i)) for i in range(len(SIZES))}
        for i in range(len(SIZES)):
            s3.put_object(Bucket=bucket, Key=f"from {i}", Body=body_of(i))

        seen = []

        def act(i):
            if i % 4 == 0:
                s3.delete_object(Bucket=bucket, Key="k")
            elif i % 4 == 1:
                read = outcome(lambda: seen.append(md5(s3.get_object(Bucket=bucket, Key="k")["Body"].read())))
                same(read in ("won", "NoSuchKey"), True, f"read answered {read}")
            else:
                s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": f"from {i % len(SIZES)}"})

        all_at_once(act)
        same(set(seen) <= whole, True, "bodies that were read")
