"""Multipart uploads call by call: parts again, copied parts, lists, reads by part number, and what is refused."""

import hashlib
import re

from harness import MIB, PART_MIN, client, content, fails_with, fresh_bucket, job, md5, same


def begin(s3, bucket, key, **options):
    return dict(
        Bucket=bucket, Key=key, UploadId=s3.create_multipart_upload(Bucket=bucket, Key=key, **options)["UploadId"]
    )


def complete(s3, upload, *parts):
    listed = [{"PartNumber": number, "ETag": tag} for number, tag in parts]
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})


@job
def a_part_sent_again_replaces_the_first():
    s3 = client()
    old, new, last = content("old", PART_MIN), content("new", PART_MIN + 1), content("last", 77)
    with fresh_bucket(s3) as bucket:
        upload = begin(s3, bucket, "again", ContentType="text/x-clay", Metadata={"m": "1"})
        stale = s3.upload_part(**upload, PartNumber=3, Body=old)["ETag"]
        fresh = s3.upload_part(**upload, PartNumber=3, Body=new)["ETag"]
        end = s3.upload_part(**upload, PartNumber=10000, Body=last)["ETag"]
        fails_with("InvalidPart", 400, complete, s3, upload, (3, stale), (10000, end))
        done = complete(s3, upload, (3, fresh), (10000, end))
        digest = hashlib.md5(bytes.fromhex(md5(new)) + bytes.fromhex(md5(last))).hexdigest()
        same(done["ETag"], f'"{digest}-2"', "ETag")
        got = s3.get_object(Bucket=bucket, Key="again")
        same(
            (got["Body"].read(), got["ContentType"], got["Metadata"]), (new + last, "text/x-clay", {"m": "1"}), "object"
        )
        middle = s3.get_object(Bucket=bucket, Key="again", Range=f"bytes={PART_MIN - 3}-{PART_MIN + 9}")["Body"].read()
        same(middle, (new + last)[PART_MIN - 3 : PART_MIN + 10], "a range over the seam")


@job
def parts_are_read_by_number():
    s3 = client()
    pieces = [content("read 1", PART_MIN + 1), content("read 2", 77)]
    with fresh_bucket(s3) as bucket:
        upload = begin(s3, bucket, "numbered")
        tags = [
            (n, s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"]) for n, body in enumerate(pieces, start=1)
        ]
        complete(s3, upload, *tags)
        part = s3.get_object(Bucket=bucket, Key="numbered", PartNumber=2)
        same((part["Body"].read(), part["PartsCount"]), (pieces[1], 2), "GET of part 2")
        size = len(pieces[0])
        same(part["ContentRange"], f"bytes {size}-{size + 76}/{size + 77}", "Content-Range of part 2")
        same(part["ResponseMetadata"]["HTTPStatusCode"], 206, "status")
        same(s3.head_object(Bucket=bucket, Key="numbered", PartNumber=1)["ContentLength"], size, "HEAD of part 1")
        fails_with(
            ("InvalidPartNumber", "InvalidRange"), 416, s3.get_object, Bucket=bucket, Key="numbered", PartNumber=3
        )
        both = dict(Bucket=bucket, Key="numbered", PartNumber=1, Range="bytes=0-1")
        fails_with("InvalidRequest", 400, s3.get_object, **both)
        s3.put_object(Bucket=bucket, Key="single", Body=b"one")
        single = s3.get_object(Bucket=bucket, Key="single", PartNumber=1)
        same((single["Body"].read(), single.get("PartsCount")), (b"one", None), "part 1 of an object put whole")


@job
def a_range_over_many_seams():
    s3 = client()
    pieces = [content(f"seam {n}", PART_MIN + n) for n in range(3)] + [content("seam end", 5)]
    with fresh_bucket(s3) as bucket:
        upload = begin(s3, bucket, "seams")
        tags = [
            (n, s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"]) for n, body in enumerate(pieces, start=1)
        ]
        complete(s3, upload, *tags)
        data = b"".join(pieces)
        for first, last in (
            (0, len(data) - 1),
            (PART_MIN - 1, 3 * PART_MIN + 2),
            (len(data) - 6, len(data) - 1),
            (PART_MIN, PART_MIN),
        ):
            body = s3.get_object(Bucket=bucket, Key="seams", Range=f"bytes={first}-{last}")["Body"].read()
            same(body, data[first : last + 1], f"bytes {first}-{last}")


@job
def upload_part_copy_with_ranges():
    s3 = client()
    data = content("part copy", 12 * MIB)
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="source é+ %", Body=data)
        source = {"Bucket": bucket, "Key": "source é+ %"}
        upload = begin(s3, bucket, "copied")
        parts = []
        for number, (first, last) in enumerate(((0, 6 * MIB - 1), (6 * MIB, len(data) - 1), (100, 199)), start=1):
            answer = s3.upload_part_copy(
                **upload, PartNumber=number, CopySource=source, CopySourceRange=f"bytes={first}-{last}"
            )
            parts.append((number, answer["CopyPartResult"]["ETag"]))
        assert all(re.fullmatch('"[0-9a-f]{32}"', tag) for _, tag in parts), parts
        note = (
            "an MD5"
            if parts[2][1] == f'"{md5(data[100:200])}"'
            else "opaque, where AWS gives the MD5 of its bytes"
        )
        outside = dict(PartNumber=4, CopySource=source, CopySourceRange=f"bytes=0-{len(data)}")
        refused_range(s3, upload, outside)
        complete(s3, upload, *parts)
        same(s3.get_object(Bucket=bucket, Key="copied")["Body"].read(), data + data[100:200], "body")
        upload = begin(s3, bucket, "whole")
        tag = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source)["CopyPartResult"]["ETag"]
        complete(s3, upload, (1, tag))
        same(s3.get_object(Bucket=bucket, Key="whole")["Body"].read(), data, "body of a whole copy")
    return "the ETag of a copied part is " + note


def refused_range(s3, upload, part):
    """AWS refuses a copied range outside its source, as InvalidArgument (400) or InvalidRange (416)."""
    try:
        s3.upload_part_copy(**upload, **part)
    except s3.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        assert code in ("InvalidArgument", "InvalidRange"), f"a copied range outside the source: {error}"
        return
    raise AssertionError("a copied range outside the source was taken")


@job
def what_complete_refuses():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        upload = begin(s3, bucket, "refused")
        one = s3.upload_part(**upload, PartNumber=1, Body=content("small", 1000))["ETag"]
        two = s3.upload_part(**upload, PartNumber=2, Body=content("small 2", 1000))["ETag"]
        fails_with("EntityTooSmall", 400, complete, s3, upload, (1, one), (2, two))
        fails_with("InvalidPartOrder", 400, complete, s3, upload, (2, two), (1, one))
        fails_with("InvalidPartOrder", 400, complete, s3, upload, (1, one), (1, one))
        fails_with("InvalidPart", 400, complete, s3, upload, (1, '"00000000000000000000000000000000"'))
        fails_with("InvalidPart", 400, complete, s3, upload, (7, one))
        fails_with("MalformedXML", 400, complete, s3, upload)
        fails_with("404", 404, s3.head_object, Bucket=bucket, Key="refused")
        same(len(s3.list_parts(**upload)["Parts"]), 2, "parts that are left after refusals")
        complete(s3, upload, (1, one))
        same(s3.head_object(Bucket=bucket, Key="refused")["ContentLength"], 1000, "one small part is the last part")


@job
def unknown_uploads_and_part_numbers():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        upload = begin(s3, bucket, "n")
        for number in (0, 10001, -1):
            fails_with("InvalidArgument", 400, s3.upload_part, **upload, PartNumber=number, Body=b"x")
        other = {**upload, "Key": "another key"}
        unknown = {**upload, "UploadId": "no-such-upload-id"}
        s3.abort_multipart_upload(**upload)
        for wrong in (other, unknown, upload):
            fails_with("NoSuchUpload", 404, s3.upload_part, **wrong, PartNumber=1, Body=b"x")
            fails_with("NoSuchUpload", 404, s3.list_parts, **wrong)
            fails_with("NoSuchUpload", 404, complete, s3, wrong, (1, '"00000000000000000000000000000000"'))
            if wrong is not upload:
                fails_with("NoSuchUpload", 404, s3.abort_multipart_upload, **wrong)


@job
def lists_of_parts_and_uploads():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        upload = begin(s3, bucket, "list/a")
        for number in (1, 2, 5, 9):
            s3.upload_part(**upload, PartNumber=number, Body=content(f"p{number}", 100 + number))
        first = s3.list_parts(**upload, MaxParts=3)
        same(
            ([p["PartNumber"] for p in first["Parts"]], first["IsTruncated"]), ([1, 2, 5], True), "first page of parts"
        )
        same([p["Size"] for p in first["Parts"]], [101, 102, 105], "sizes of parts")
        rest = s3.list_parts(**upload, PartNumberMarker=first["NextPartNumberMarker"])
        same(([p["PartNumber"] for p in rest["Parts"]], rest["IsTruncated"]), ([9], False), "second page of parts")
        pages = s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 1})
        same([p["PartNumber"] for page in pages for p in page["Parts"]], [1, 2, 5, 9], "parts by pages of one")
        more = [begin(s3, bucket, key) for key in ("list/a", "list/b/1", "list/b/2", "other")]
        listed = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
        same([u["Key"] for u in listed], ["list/a", "list/a", "list/b/1", "list/b/2", "other"], "uploads by key")
        same(
            {listed[0]["UploadId"], listed[1]["UploadId"]}, {upload["UploadId"], more[0]["UploadId"]}, "two of one key"
        )
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
        same(
            [u["UploadId"] for page in pages for u in page.get("Uploads", [])],
            [u["UploadId"] for u in listed],
            "uploads by pages of one",
        )
        folded = s3.list_multipart_uploads(Bucket=bucket, Prefix="list/", Delimiter="/")
        same([u["Key"] for u in folded["Uploads"]], ["list/a", "list/a"], "uploads beside prefixes")
        same(folded["CommonPrefixes"], [{"Prefix": "list/b/"}], "prefixes of uploads")
