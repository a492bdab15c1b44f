"""Odd keys: put, got, listed, copied and deleted under exactly their own name."""

from urllib.parse import quote, unquote_plus

from harness import client, fails_with, fresh_bucket, job, same
from raw import send

ODD = [
    "plain",
    "with space",
    " leading and trailing ",
    "a+b",
    "a%2Fb",
    "a%b",
    "%",
    "100%25",
    "é ü ñ – 日本語 🏺",
    "e\u0301 decomposed",
    "a//b",
    "a///",
    "/leading slash",
    "//two",
    "trailing/",
    "quotes \" and '",
    "amp & lt < gt > semi ; colon : at @",
    "query?a=b&c=d",
    "hash#fragment",
    "equals=and,comma",
    "back\\slash",
    "brackets [a](b){c}|^`~*!$",
    "tab\tinside",
    "new\nline",
    "return\rinside",
    "...",
    "..a/b..",
    "-dash",
    "cdn/cgi",
    "uploads",
    "k" * 1024,
    "é" * 512,
    "deep/" * 200 + "leaf",
]


@job
def every_odd_key():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for key in ODD:
            body = b"body of " + key.encode()
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            same(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), body, f"GET {key[:50]!r}")
            same(s3.head_object(Bucket=bucket, Key=key)["ContentLength"], len(body), f"HEAD {key[:50]!r}")
            only = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["Contents"][0]["Key"]
            same(only, key, f"listed with itself as prefix {key[:50]!r}")
        expected = sorted(ODD, key=lambda key: key.encode())
        for size in (1000, 4):
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
            same(
                [entry["Key"] for page in pages for entry in page["Contents"]],
                expected,
                f"list version 2, pages of {size}",
            )
            pages = s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
            same(
                [entry["Key"] for page in pages for entry in page["Contents"]],
                expected,
                f"list version 1, pages of {size}",
            )


@job
def odd_keys_copied_and_deleted_in_one_request():
    s3 = client()
    # A parser of XML turns a bare carriage return into a line feed, and botocore does not escape it.
    odd = [key for key in ODD if "\r" not in key and len(key.encode()) < 1000]
    with fresh_bucket(s3) as bucket:
        for key in odd:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
            s3.copy_object(Bucket=bucket, Key="copy of " + key, CopySource={"Bucket": bucket, "Key": key})
            same(s3.get_object(Bucket=bucket, Key="copy of " + key)["Body"].read(), key.encode(), f"copy of {key!r}")
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in odd]})
        same(sorted(entry["Key"] for entry in answer["Deleted"]), sorted(odd), "Deleted")
        left = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        same(sorted(left), sorted("copy of " + key for key in odd), "what is left")


@job
def control_characters():
    s3 = client()
    keys = [f"control {chr(code)} end" for code in range(1, 32)] + ["delete \x7f"]
    with fresh_bucket(s3) as bucket:
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
            same(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), key.encode(), repr(key))
        listed = s3.list_objects_v2(Bucket=bucket, EncodingType="url")
        # boto3 decodes only where it asked for the encoding by itself.
        same(
            sorted(unquote_plus(entry["Key"]) for entry in listed["Contents"]),
            sorted(keys),
            "listed with encoding-type=url",
        )
        decoded = s3.list_objects_v2(Bucket=bucket)
        same(sorted(entry["Key"] for entry in decoded["Contents"]), sorted(keys), "listed and decoded by boto3")
        folded = s3.list_objects_v2(Bucket=bucket, Delimiter="\x01", EncodingType="url")
        same(
            [unquote_plus(entry["Prefix"]) for entry in folded["CommonPrefixes"]],
            ["control \x01"],
            "a control character as delimiter",
        )
        for key in keys:
            s3.delete_object(Bucket=bucket, Key=key)


@job
def multipart_under_an_odd_key():
    s3 = client()
    key = "multi part/é+%2F & <x>//end "
    with fresh_bucket(s3) as bucket:
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        same(s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["Key"], key, "listed upload")
        tag = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=1, Body=b"x")["ETag"]
        same(s3.list_parts(Bucket=bucket, Key=key, UploadId=upload_id)["Key"], key, "Key of ListParts")
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        done = s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload=parts)
        same(done["Key"], key, "Key of Complete")
        same(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), b"x", "body")


@job
def keys_that_are_too_long():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for key in ("k" * 1025, "é" * 513):
            fails_with("KeyTooLongError", 400, s3.put_object, Bucket=bucket, Key=key, Body=b"x")
            fails_with("KeyTooLongError", 400, s3.create_multipart_upload, Bucket=bucket, Key=key)


@job
def dot_segments_never_reach_another_key():
    """URL parsers resolve `.` and `..`: such a key works or is refused, but never touches the key it resolves to."""
    s3 = client()
    seen = []
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="b", Body=b"untouched")
        for key in ("a/../b", "./b", "a/./b", "../b", ".", ".."):
            status, body = send("PUT", f"/{bucket}/{quote(key, safe='/')}", body=b"other")
            seen.append(f"{key} {status}")
            assert status == 200 or 400 <= status < 500, f"PUT {key}: {status} {body[:300]}"
            same(s3.get_object(Bucket=bucket, Key="b")["Body"].read(), b"untouched", f"b after PUT {key}")
            if status == 200:
                same(send("GET", f"/{bucket}/{quote(key, safe='/')}"), (200, b"other"), f"GET {key}")
            listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
            assert set(listed) <= {"b", *ODD_DOTS}, f"keys after PUT {key}: {listed}"
    return ", ".join(seen)


ODD_DOTS = {"a/../b", "./b", "a/./b", "../b", ".", ".."}
