"""Encryption as programs use it: by default, with keys of the KMS, with keys of the client's own; parts, copies, ranges."""

import os

from harness import job
from identities import expect, refused, service, unique

PART = 5 * 1024 * 1024


def fresh_bucket(s3, customer_keys=False):
    bucket = unique("encrypted")
    s3.create_bucket(Bucket=bucket)
    if customer_keys:
        allowed = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
        }
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [allowed]})
    return bucket


def body_of(s3, bucket, key, **parameters):
    return s3.get_object(Bucket=bucket, Key=key, **parameters)["Body"].read()


def upload_in_parts(s3, bucket, key, parts, create=None, each=None):
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, **(create or {}))
    where = {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}
    done = []
    for number, body in enumerate(parts, 1):
        answer = s3.upload_part(**where, PartNumber=number, Body=body, **(each or {}))
        done.append({"PartNumber": number, "ETag": answer["ETag"]})
    return s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done}, **(each or {}))


@job
def everything_is_encrypted_by_default():
    s3 = service("s3")
    bucket = fresh_bucket(s3)
    for size in (0, 20, 40_000, 700_000):
        body = os.urandom(size)
        put = s3.put_object(Bucket=bucket, Key=f"k{size}", Body=body)
        expect(put["ServerSideEncryption"] == "AES256", f"{size} bytes are not encrypted")
        expect(body_of(s3, bucket, f"k{size}") == body, f"{size} bytes came back as others")
    expect(body_of(s3, bucket, "k700000", Range="bytes=300000-300004") == body[300000:300005], "a range")
    expect(s3.head_object(Bucket=bucket, Key="k20")["ServerSideEncryption"] == "AES256", "the head")
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    expect(rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", "the bucket's own rule")


@job
def keys_of_the_kms():
    s3, kms = service("s3"), service("kms")
    bucket = fresh_bucket(s3)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    by_key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key, "BucketKeyEnabled": True}
    body = os.urandom(500_000)
    put = s3.put_object(Bucket=bucket, Key="one", Body=body, **by_key)
    expect(put["SSEKMSKeyId"] == key and put["BucketKeyEnabled"], "which key")
    parts = [os.urandom(PART), os.urandom(1000)]
    upload_in_parts(s3, bucket, "parts", parts, create=by_key)
    expect(body_of(s3, bucket, "parts") == b"".join(parts), "parts")
    kms.rotate_key_on_demand(KeyId=key)
    expect(body_of(s3, bucket, "one") == body, "after a rotation")
    kms.disable_key(KeyId=key)
    refused("KMS.DisabledException", s3.get_object, Bucket=bucket, Key="one")
    refused("KMS.DisabledException", s3.put_object, Bucket=bucket, Key="two", Body=b"x", **by_key)
    kms.enable_key(KeyId=key)
    s3.copy_object(Bucket=bucket, Key="plainer", CopySource=f"{bucket}/one", ServerSideEncryption="AES256")
    kms.disable_key(KeyId=key)
    expect(body_of(s3, bucket, "plainer") == body, "a copy under another key")


@job
def keys_of_the_clients_own():
    s3 = service("s3")
    refused(
        "AccessDenied",
        s3.put_object,
        Bucket=fresh_bucket(s3),
        Key="blocked",
        Body=b"x",
        SSECustomerAlgorithm="AES256",
        SSECustomerKey=os.urandom(32),
    )
    bucket = fresh_bucket(s3, customer_keys=True)
    mine = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
    other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
    body = os.urandom(300_000)
    s3.put_object(Bucket=bucket, Key="one", Body=body, **mine)
    expect(body_of(s3, bucket, "one", **mine) == body, "with the key")
    refused("InvalidRequest", s3.get_object, Bucket=bucket, Key="one")
    refused("AccessDenied", s3.get_object, Bucket=bucket, Key="one", **other)
    parts = [os.urandom(PART), os.urandom(1000)]
    upload_in_parts(s3, bucket, "parts", parts, create=mine, each=mine)
    expect(body_of(s3, bucket, "parts", **mine) == b"".join(parts), "parts")
    source = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": mine["SSECustomerKey"]}
    s3.copy_object(Bucket=bucket, Key="two", CopySource=f"{bucket}/one", **source, **other)
    expect(body_of(s3, bucket, "two", **other) == body, "a copy under another key")
