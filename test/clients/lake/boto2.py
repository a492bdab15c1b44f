"""boto 2.49, the last of its line. It signs by version 2."""

import io
from urllib.parse import urlsplit

import boto
from boto.exception import S3ResponseError
from boto.s3.connection import OrdinaryCallingFormat, S3Connection
from harness import ACCESS_KEY, ENDPOINT, SECRET_KEY, content, fresh_bucket, job, same

HOST = urlsplit(ENDPOINT)


def connection():
    for name, value in (("num_retries", "0"), ("http_socket_timeout", "30")):
        if not boto.config.has_section("Boto"):
            boto.config.add_section("Boto")
        boto.config.set("Boto", name, value)
    return S3Connection(
        ACCESS_KEY, SECRET_KEY, host=HOST.hostname, port=HOST.port, is_secure=False, calling_format=OrdinaryCallingFormat()
    )


@job
def objects_parts_copies_and_lists():
    with fresh_bucket() as name:
        bucket = connection().get_bucket(name)
        for key_name in ("plain", "a b", "é", "per%20cent"):
            key = bucket.new_key(key_name)
            key.set_metadata("kind", "pot")
            key.set_contents_from_string(b"clay", headers={"Content-Type": "text/x-pot"})
            got = bucket.get_key(key_name)
            same((got.get_contents_as_string(), got.get_metadata("kind"), got.size), (b"clay", "pot", 4), key_name)
        data = content("boto2", 6_000_000)
        upload = bucket.initiate_multipart_upload("parts")
        upload.upload_part_from_file(io.BytesIO(data[:5_242_880]), 1)
        upload.upload_part_from_file(io.BytesIO(data[5_242_880:]), 2)
        same(len(list(upload)), 2, "parts listed")
        upload.complete_upload()
        same(bucket.get_key("parts").get_contents_as_string() == data, True, "an object of parts")
        bucket.copy_key("copied", name, "plain", metadata={"glaze": "ash"})
        same(bucket.get_key("copied").get_metadata("glaze"), "ash", "a copy with new metadata")
        names = sorted(key.name for key in bucket.list())
        same(names, sorted(["plain", "a b", "é", "per%20cent", "parts", "copied"]), "the list")
        same(bucket.get_key("none"), None, "a missing key")
        result = bucket.delete_keys(["plain", "copied"])
        same((len(result.deleted), len(result.errors)), (2, 0), "delete_keys")
        try:
            bucket.delete()
        except S3ResponseError as error:
            same((error.status, error.error_code), (409, "BucketNotEmpty"), "the error")
        else:
            raise AssertionError("a full bucket was deleted")
