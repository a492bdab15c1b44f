"""The flow of a tutorial, first with the client and then with the resource, as a newcomer types it."""

import os
import urllib.request
import uuid

from botocore.exceptions import ClientError
from harness import MIB, PART_MIN, client, content, fails_with, fresh_bucket, job, resource, same, scratch


@job
def buckets_come_and_go():
    s3 = client()
    name = "tutorial-" + uuid.uuid4().hex[:12]
    created = s3.create_bucket(Bucket=name)
    same(created["ResponseMetadata"]["HTTPStatusCode"], 200, "status of CreateBucket")
    same(created["Location"], "/" + name, "Location of CreateBucket")
    listed = s3.list_buckets()
    found = [bucket for bucket in listed["Buckets"] if bucket["Name"] == name]
    same(len(found), 1, "times that the bucket is listed")
    assert found[0]["CreationDate"].tzinfo is not None, "CreationDate has no time zone"
    assert listed["Owner"]["ID"], "no owner"
    s3.head_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)
    assert name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]], "the deleted bucket is still listed"
    fails_with("404", 404, s3.head_bucket, Bucket=name)


@job
def upload_download_list_delete():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        source, target = scratch("hello.txt"), scratch("hello-back.txt")
        with open(source, "w") as file:
            file.write("Hello, sherds!\n")
        s3.upload_file(source, bucket, "hello.txt")
        s3.put_object(Bucket=bucket, Key="notes/two.txt", Body=b"two")
        s3.download_file(bucket, "hello.txt", target)
        with open(target) as file:
            same(file.read(), "Hello, sherds!\n", "downloaded file")
        listed = s3.list_objects_v2(Bucket=bucket)
        same([entry["Key"] for entry in listed["Contents"]], ["hello.txt", "notes/two.txt"], "keys")
        same([entry["Size"] for entry in listed["Contents"]], [15, 3], "sizes")
        same(listed["KeyCount"], 2, "KeyCount")
        same(s3.get_object(Bucket=bucket, Key="notes/two.txt")["Body"].read(), b"two", "body")
        s3.delete_object(Bucket=bucket, Key="hello.txt")
        fails_with("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="hello.txt")
        s3.delete_object(Bucket=bucket, Key="notes/two.txt")
        assert "Contents" not in s3.list_objects_v2(Bucket=bucket), "objects are left"


@job
def presigned_get_and_put_by_urllib():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "by url.bin"}, ExpiresIn=600)
        data = content("presigned", 300_000)
        with urllib.request.urlopen(urllib.request.Request(put, data=data, method="PUT")) as answer:
            same(answer.status, 200, "status of the PUT")
        get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "by url.bin"}, ExpiresIn=600)
        with urllib.request.urlopen(get) as answer:
            same(answer.read(), data, "body by presigned GET")


@job
def multipart_by_hand():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        data = content("by hand", 12 * MIB)
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key="big.bin")["UploadId"]
        parts = []
        for number, start in enumerate(range(0, len(data), PART_MIN), start=1):
            body = data[start : start + PART_MIN]
            part = s3.upload_part(Bucket=bucket, Key="big.bin", UploadId=upload_id, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        done = s3.complete_multipart_upload(
            Bucket=bucket, Key="big.bin", UploadId=upload_id, MultipartUpload={"Parts": parts}
        )
        assert done["ETag"].endswith('-3"'), done["ETag"]
        same(s3.get_object(Bucket=bucket, Key="big.bin")["Body"].read(), data, "body")

        upload_id = s3.create_multipart_upload(Bucket=bucket, Key="given-up.bin")["UploadId"]
        s3.upload_part(Bucket=bucket, Key="given-up.bin", UploadId=upload_id, PartNumber=1, Body=data[:PART_MIN])
        s3.abort_multipart_upload(Bucket=bucket, Key="given-up.bin", UploadId=upload_id)
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket), "the aborted upload is still listed"
        fails_with("404", 404, s3.head_object, Bucket=bucket, Key="given-up.bin")


@job
def errors_are_handled_by_code():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        try:
            s3.create_bucket(Bucket=bucket)
            raise AssertionError("a second create succeeded")
        except s3.exceptions.BucketAlreadyOwnedByYou as error:
            same(error.response["ResponseMetadata"]["HTTPStatusCode"], 409, "status")
        try:
            s3.get_object(Bucket=bucket, Key="missing")
            raise AssertionError("a missing key was read")
        except s3.exceptions.NoSuchKey as error:
            same(error.response["Error"]["Key"], "missing", "Key in the error")
        try:
            s3.list_objects_v2(Bucket=bucket + "-missing")
            raise AssertionError("a missing bucket was listed")
        except s3.exceptions.NoSuchBucket as error:
            same(error.response["Error"]["BucketName"], bucket + "-missing", "BucketName in the error")
        try:
            s3.head_object(Bucket=bucket, Key="missing")
            raise AssertionError("a missing key has a head")
        except ClientError as error:
            same(error.response["Error"]["Code"], "404", "code of HEAD")
        s3.put_object(Bucket=bucket, Key="there", Body=b"x")
        fails_with("BucketNotEmpty", 409, s3.delete_bucket, Bucket=bucket)


@job
def resource_flow():
    s3 = resource()
    name = "resource-" + uuid.uuid4().hex[:12]
    bucket = s3.create_bucket(Bucket=name)
    bucket.wait_until_exists()
    assert bucket.creation_date is not None, "creation_date"
    path, back = scratch("resource.bin"), scratch("resource-back.bin")
    data = content("resource", 9 * MIB)
    with open(path, "wb") as file:
        file.write(data)
    bucket.upload_file(path, "folder/resource.bin", ExtraArgs={"Metadata": {"kind": "clay"}})
    one = bucket.Object("folder/resource.bin")
    one.wait_until_exists()
    same((one.content_length, one.metadata), (len(data), {"kind": "clay"}), "object attributes")
    one.download_file(back)
    same(os.path.getsize(back), len(data), "size of the download")
    same(one.get()["Body"].read(), data, "body")
    copy = bucket.Object("folder/copy.bin")
    copy.copy({"Bucket": name, "Key": one.key})
    same(
        sorted(found.key for found in bucket.objects.filter(Prefix="folder/")),
        ["folder/copy.bin", "folder/resource.bin"],
        "keys",
    )
    same(copy.get()["Body"].read(), data, "body of the copy")
    deleted = bucket.objects.all().delete()
    same(len(deleted[0]["Deleted"]), 2, "deleted keys")
    one.wait_until_not_exists()
    bucket.delete()
    bucket.wait_until_not_exists()
