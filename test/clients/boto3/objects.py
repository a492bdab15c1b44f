"""Single objects: headers and metadata, ranges, conditions, copies, empty and folder-like ones."""

import base64
import datetime
import hashlib

from harness import KIB, MIB, client, content, fails_with, fresh_bucket, job, md5, same

SIZES = [
    0,
    1,
    4 * KIB,
    16 * KIB - 1,
    16 * KIB,
    64 * KIB,
    128 * KIB + 1,
    256 * KIB,
    MIB - 1,
    MIB,
    MIB + 1,
    4 * MIB + 3,
    9 * MIB,
]


@job
def every_size_comes_back():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for size in SIZES:
            data = content(f"size {size}", size)
            put = s3.put_object(Bucket=bucket, Key=f"size/{size}", Body=data)
            same(put["ETag"], f'"{md5(data)}"', f"ETag of {size} bytes")
            got = s3.get_object(Bucket=bucket, Key=f"size/{size}")
            same((got["ContentLength"], got["Body"].read()), (size, data), f"{size} bytes")
            same(got["ETag"], put["ETag"], "ETag of GET")
            head = s3.head_object(Bucket=bucket, Key=f"size/{size}")
            same((head["ContentLength"], head["ETag"], head["AcceptRanges"]), (size, put["ETag"], "bytes"), "HEAD")


@job
def headers_and_metadata_come_back_as_sent():
    s3 = client()
    sent = {
        "ContentType": "text/html; charset=utf-8",
        "ContentEncoding": "gzip",
        "ContentDisposition": "attachment; filename=\"a b.html\"; filename*=UTF-8''%E2%82%AC.html",
        "ContentLanguage": "de-AT, en",
        "CacheControl": "max-age=60, private",
        "Metadata": {"plain": "clay", "with-dash": "a  b", "mixed": "Value, with: signs = & %41", "empty": ""},
    }
    expires = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    data = content("compressible? never mind", 50_000)
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="h", Body=data, Expires=expires, **sent)
        for answer in (s3.head_object(Bucket=bucket, Key="h"), s3.get_object(Bucket=bucket, Key="h")):
            for name in ("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl"):
                same(answer[name], sent[name], name)
            same(answer["ExpiresString"], "Wed, 02 Jan 2030 03:04:05 GMT", "Expires")
            same({**answer["Metadata"], "with-dash": "a  b"}, sent["Metadata"], "Metadata")
            same(" ".join(answer["Metadata"]["with-dash"].split()), "a b", "metadata with inner spaces")
        same(
            s3.get_object(Bucket=bucket, Key="h")["Body"].read(), data, "a body with Content-Encoding arrives as stored"
        )
        s3.put_object(Bucket=bucket, Key="text", Body=b"a" * 100_000, ContentType="text/plain")
        got = s3.get_object(Bucket=bucket, Key="text")
        same((got["ContentLength"], len(got["Body"].read())), (100_000, 100_000), "compressible text")
        s3.put_object(Bucket=bucket, Key="bare", Body=b"x")
        same(s3.head_object(Bucket=bucket, Key="bare")["ContentType"], "binary/octet-stream", "default Content-Type")


@job
def response_headers_can_be_overridden():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="o", Body=b"x", ContentType="text/plain")
        got = s3.get_object(
            Bucket=bucket,
            Key="o",
            ResponseContentType="application/json",
            ResponseContentDisposition='attachment; filename="ö.json"',
            ResponseContentEncoding="identity",
            ResponseContentLanguage="fr",
            ResponseCacheControl="no-cache",
            ResponseExpires=datetime.datetime(2031, 1, 1),
        )
        actual = (got["ContentType"], got["ContentLanguage"], got["CacheControl"], got["ExpiresString"])
        same(actual, ("application/json", "fr", "no-cache", "Wed, 01 Jan 2031 00:00:00 GMT"), "overrides")


@job
def ranges_in_all_forms():
    s3 = client()
    for size in (1000, 300_000, 3 * MIB + 11):
        data = content(f"range {size}", size)
        with fresh_bucket(s3) as bucket:
            s3.put_object(Bucket=bucket, Key="r", Body=data)
            whole = [(0, 0), (0, 99), (1, size - 1), (size - 1, size - 1), (size // 2, size // 2 + 50), (0, size - 1)]
            for first, last in whole:
                check_range(s3, bucket, data, f"bytes={first}-{last}", first, last)
            check_range(s3, bucket, data, f"bytes={size - 10}-", size - 10, size - 1)
            check_range(s3, bucket, data, f"bytes=5-{size + 1000}", 5, size - 1)
            check_range(s3, bucket, data, "bytes=-7", size - 7, size - 1)
            check_range(s3, bucket, data, f"bytes=-{size + 5}", 0, size - 1)
            for outside in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0"):
                answer = fails_with("InvalidRange", 416, s3.get_object, Bucket=bucket, Key="r", Range=outside)
                if outside != "bytes=-0":
                    same(answer["Error"]["ActualObjectSize"], str(size), "ActualObjectSize")
            # What is no range at all, or several, is ignored: the whole object comes.
            for ignored in ("bytes=9-5", "octets=0-1", "bytes=a-b"):
                got = s3.get_object(Bucket=bucket, Key="r", Range=ignored)
                same((got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()), (200, data), f"Range {ignored}")
            head = s3.head_object(Bucket=bucket, Key="r", Range="bytes=10-19")
            same((head["ContentLength"], head["ResponseMetadata"]["HTTPStatusCode"]), (10, 206), "HEAD with Range")


def check_range(s3, bucket, data, header, first, last):
    got = s3.get_object(Bucket=bucket, Key="r", Range=header)
    same(got["ResponseMetadata"]["HTTPStatusCode"], 206, f"status of {header}")
    same(got["ContentRange"], f"bytes {first}-{last}/{len(data)}", f"Content-Range of {header}")
    same(got["Body"].read(), data[first : last + 1], f"{header} of {len(data)}")


@job
def an_empty_object_has_no_range():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="e", Body=b"")
        fails_with("InvalidRange", 416, s3.get_object, Bucket=bucket, Key="e", Range="bytes=0-0")
        same(s3.get_object(Bucket=bucket, Key="e")["ETag"], '"d41d8cd98f00b204e9800998ecf8427e"', "ETag")


@job
def conditional_gets():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        tag = s3.put_object(Bucket=bucket, Key="c", Body=b"clay")["ETag"]
        modified = s3.head_object(Bucket=bucket, Key="c")["LastModified"]
        before, after = modified - datetime.timedelta(hours=1), modified + datetime.timedelta(seconds=1)
        for call in (s3.get_object, s3.head_object):
            get = dict(Bucket=bucket, Key="c")
            failed = "PreconditionFailed" if call == s3.get_object else "412"
            call(**get, IfMatch=tag)
            call(**get, IfMatch="*")
            call(**get, IfMatch=f'"0000", {tag}')
            fails_with(failed, 412, call, **get, IfMatch='"0000"')
            fails_with("304", 304, call, **get, IfNoneMatch=tag)
            fails_with("304", 304, call, **get, IfNoneMatch="*")
            call(**get, IfNoneMatch='"0000"')
            call(**get, IfModifiedSince=before)
            fails_with("304", 304, call, **get, IfModifiedSince=modified)
            call(**get, IfUnmodifiedSince=after)
            fails_with(failed, 412, call, **get, IfUnmodifiedSince=before)
            # The ETag conditions win over those on time (RFC 9110, section 13.2.2).
            call(**get, IfMatch=tag, IfUnmodifiedSince=before)
            fails_with("304", 304, call, **get, IfNoneMatch=tag, IfModifiedSince=before)


@job
def conditional_puts():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        put = dict(Bucket=bucket, Key="lease")
        first = s3.put_object(**put, Body=b"one", IfNoneMatch="*")["ETag"]
        fails_with("PreconditionFailed", 412, s3.put_object, **put, Body=b"two", IfNoneMatch="*")
        second = s3.put_object(**put, Body=b"two", IfMatch=first)["ETag"]
        fails_with("PreconditionFailed", 412, s3.put_object, **put, Body=b"three", IfMatch=first)
        fails_with("NoSuchKey", 404, s3.put_object, Bucket=bucket, Key="nothing", Body=b"x", IfMatch=first)
        got = s3.get_object(**put)
        same((got["Body"].read(), got["ETag"]), (b"two", second), "who holds the lease")


@job
def copies_and_directives():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(
            Bucket=bucket, Key="from", Body=b"clay", ContentType="text/a", Metadata={"a": "1"}, CacheControl="no-store"
        )
        source = {"Bucket": bucket, "Key": "from"}
        answer = s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)["CopyObjectResult"]
        same(answer["ETag"], f'"{md5(b"clay")}"', "ETag of the copy")
        head = s3.head_object(Bucket=bucket, Key="kept")
        same((head["ContentType"], head["Metadata"], head["CacheControl"]), ("text/a", {"a": "1"}, "no-store"), "COPY")
        s3.copy_object(
            Bucket=bucket,
            Key="new",
            CopySource=source,
            MetadataDirective="REPLACE",
            Metadata={"b": "2"},
            ContentType="text/b",
        )
        head = s3.head_object(Bucket=bucket, Key="new")
        same((head["ContentType"], head["Metadata"], head.get("CacheControl")), ("text/b", {"b": "2"}, None), "REPLACE")
        fails_with("InvalidRequest", 400, s3.copy_object, Bucket=bucket, Key="from", CopySource=source)
        s3.copy_object(Bucket=bucket, Key="from", CopySource=source, MetadataDirective="REPLACE", Metadata={"c": "3"})
        got = s3.get_object(Bucket=bucket, Key="from")
        same((got["Body"].read(), got["Metadata"]), (b"clay", {"c": "3"}), "onto itself")
        conditions(s3, bucket, source, answer["ETag"])


def conditions(s3, bucket, source, tag):
    to = dict(Bucket=bucket, Key="conditional", CopySource=source)
    past = datetime.datetime(2020, 1, 1)
    s3.copy_object(**to, CopySourceIfMatch=tag)
    s3.copy_object(**to, CopySourceIfModifiedSince=past)
    fails_with("PreconditionFailed", 412, s3.copy_object, **to, CopySourceIfMatch='"0"')
    fails_with("PreconditionFailed", 412, s3.copy_object, **to, CopySourceIfNoneMatch=tag)
    fails_with("PreconditionFailed", 412, s3.copy_object, **to, CopySourceIfUnmodifiedSince=past)
    missing = {"Bucket": bucket, "Key": "not there"}
    fails_with("NoSuchKey", 404, s3.copy_object, Bucket=bucket, Key="x", CopySource=missing)
    nowhere = {"Bucket": bucket + "-not", "Key": "from"}
    fails_with("NoSuchBucket", 404, s3.copy_object, Bucket=bucket, Key="x", CopySource=nowhere)


@job
def folders_and_waiters():
    s3 = client()
    quick = {"Delay": 1, "MaxAttempts": 3}
    with fresh_bucket(s3) as bucket:
        s3.get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig=quick)
        s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="folder/", WaiterConfig=quick)
        s3.put_object(Bucket=bucket, Key="folder/", Body=b"")
        s3.put_object(Bucket=bucket, Key="folder", Body=b"a file of the same name")
        s3.put_object(Bucket=bucket, Key="folder/inside", Body=b"in")
        s3.get_waiter("object_exists").wait(Bucket=bucket, Key="folder/", WaiterConfig=quick)
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="folder/", Delimiter="/")
        same([entry["Key"] for entry in listed["Contents"]], ["folder/", "folder/inside"], "in the folder")
        same(s3.head_object(Bucket=bucket, Key="folder/")["ContentLength"], 0, "folder object")
        same(s3.get_object(Bucket=bucket, Key="folder")["Body"].read(), b"a file of the same name", "file")
    s3.get_waiter("bucket_not_exists").wait(Bucket=bucket, WaiterConfig=quick)


@job
def content_md5():
    s3 = client(request_checksum_calculation="when_required")
    right, wrong = (base64.b64encode(hashlib.md5(data).digest()).decode() for data in (b"clay", b"mud"))
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="m", Body=b"clay", ContentMD5=right)
        fails_with("BadDigest", 400, s3.put_object, Bucket=bucket, Key="w", Body=b"clay", ContentMD5=wrong)
        fails_with("InvalidDigest", 400, s3.put_object, Bucket=bucket, Key="w", Body=b"clay", ContentMD5="bm90IG1kNQ==")
        fails_with("404", 404, s3.head_object, Bucket=bucket, Key="w")


@job
def bucket_location_and_region():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.get_bucket_location(Bucket=bucket)
        headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
        assert headers.get("x-amz-bucket-region"), "no x-amz-bucket-region on HEAD bucket"
        return "region " + headers["x-amz-bucket-region"]
