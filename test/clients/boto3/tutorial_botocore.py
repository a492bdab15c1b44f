"""The short flow again, by botocore alone: what other tools build on."""

import urllib.request
import uuid

import botocore.session
from harness import ACCESS_KEY, ENDPOINT, PART_MIN, REGION, SECRET_KEY, config, content, fails_with, job, same


@job
def the_whole_flow():
    session = botocore.session.get_session()
    session.set_credentials(ACCESS_KEY, SECRET_KEY)
    s3 = session.create_client("s3", endpoint_url=ENDPOINT, region_name=REGION, config=config())
    bucket = "botocore-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=bucket)
    assert bucket in [entry["Name"] for entry in s3.list_buckets()["Buckets"]], "the bucket is not listed"
    s3.put_object(
        Bucket=bucket, Key="readme.txt", Body=b"hello", ContentType="text/plain", Metadata={"author": "potter"}
    )
    got = s3.get_object(Bucket=bucket, Key="readme.txt")
    same(
        (got["Body"].read(), got["ContentType"], got["Metadata"]),
        (b"hello", "text/plain", {"author": "potter"}),
        "object",
    )
    with urllib.request.urlopen(
        s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "readme.txt"})
    ) as answer:
        same(answer.read(), b"hello", "presigned GET")
    pieces = [content("bc1", PART_MIN), content("bc2", 100)]
    upload = dict(Bucket=bucket, Key="large")
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    tags = [s3.upload_part(**upload, PartNumber=n, Body=piece)["ETag"] for n, piece in enumerate(pieces, start=1)]
    parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, start=1)]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    same(s3.get_object(Bucket=bucket, Key="large")["Body"].read(), b"".join(pieces), "multipart body")
    keys = [
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page["Contents"]
    ]
    same(keys, ["large", "readme.txt"], "keys")
    fails_with("BucketNotEmpty", 409, s3.delete_bucket, Bucket=bucket)
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)
    fails_with("404", 404, s3.head_bucket, Bucket=bucket)
