"""What the boto3 jobs share: a register of jobs, clients of the server, buckets of their own, and content."""

import hashlib
import json
import os
import random
import socket
import uuid
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["CLIENTS_ENDPOINT"]
TLS_ENDPOINT = os.environ.get("CLIENTS_TLS_ENDPOINT", "")
TLS_CERTIFICATE = os.environ.get("CLIENTS_TLS_CERTIFICATE", "")
ACCESS_KEY = os.environ["AWS_ACCESS_KEY_ID"]
SECRET_KEY = os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
SCRATCH = os.environ["CLIENTS_FOLDER"]
# The run started the server itself, with the variables that jobs need.
OWN_SERVER = os.environ.get("CLIENTS_OWN_SERVER") == "1"

KIB = 1024
MIB = 1024 * 1024
PART_MIN = 5 * MIB

# No job waits for ever on a server that does not answer.
socket.setdefaulttimeout(30)

JOBS = []


class Skip(Exception):
    """Raised by a job that cannot be done here; its text says why."""


def job(function):
    """Registers a function as a job; what it returns is printed as a remark."""
    JOBS.append((function.__module__ + "/" + function.__name__.replace("_", "-"), function))
    return function


def config(**options):
    """A configuration without retries, so that a failure is seen the first time.

    Without a signature version boto3 presigns by SigV2 in the regions that it knows.
    """
    base = dict(
        signature_version="s3v4",
        retries={"max_attempts": 1, "mode": "standard"},
        read_timeout=60,
        max_pool_connections=20,
    )
    return Config(**{**base, **options})


def client(endpoint=ENDPOINT, key=ACCESS_KEY, secret=SECRET_KEY, region=REGION, **options):
    verify = TLS_CERTIFICATE if endpoint.startswith("https:") else None
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=region,
        verify=verify,
        config=config(**options),
    )


def resource(**options):
    return boto3.resource(
        "s3",
        endpoint_url=ENDPOINT,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        config=config(**options),
    )


@contextmanager
def fresh_bucket(s3=None):
    """A new bucket that is emptied and deleted in the end, uploads in progress included."""
    s3 = s3 or client()
    name = "boto3-" + uuid.uuid4().hex[:20]
    s3.create_bucket(Bucket=name)
    try:
        yield name
    finally:
        empty(s3, name)
        s3.delete_bucket(Bucket=name)


def empty(s3, name):
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for entry in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=name, Key=entry["Key"], VersionId=entry["VersionId"])


def content(seed, size):
    """`size` bytes that follow from the seed alone."""
    return random.Random(seed).randbytes(size)


def policy_for_bucket(bucket, action, target):
    """A policy of a queue or topic: S3 may do this to it on behalf of the bucket."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": action,
        "Resource": target,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def md5(data):
    return hashlib.md5(data).hexdigest()


def file_sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def scratch(name):
    return os.path.join(SCRATCH, name)


def same(actual, expected, what):
    """Fails unless both are equal; long bytes are shown by their digest only."""
    if actual == expected:
        return
    raise AssertionError(f"{what}: expected {shown(expected)}, got {shown(actual)}")


def shown(value):
    if isinstance(value, (bytes, bytearray)) and len(value) > 80:
        return f"{len(value)} bytes with sha256 {sha256(value)}"
    text = repr(value)
    return text if len(text) < 2000 else text[:2000] + "…"


def fails_with(code, status, call, *args, **kwargs):
    """Fails unless the call raises ClientError with this code (or one of these) and status. Returns the response."""
    codes = code if isinstance(code, tuple) else (code,)
    try:
        call(*args, **kwargs)
    except ClientError as error:
        actual = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        if actual[0] not in codes or actual[1] != status:
            raise AssertionError(f"expected {code} and {status}, got {actual}: {error}") from None
        return error.response
    raise AssertionError(f"expected {code} and {status}, but the call succeeded")


def resolve_localhost_names():
    """Lets bucket.localhost reach the loopback address even where the resolver does not know such names (RFC 6761)."""
    original = socket.getaddrinfo

    def resolve(host, *args, **kwargs):
        known = isinstance(host, str) and host.endswith(".localhost")
        return original("127.0.0.1" if known else host, *args, **kwargs)

    socket.getaddrinfo = resolve
