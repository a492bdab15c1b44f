"""minio-py: the three forms of encryption. Its client sends a client's key over https alone, by the front that there is for that."""

import io
import os
from urllib.parse import urlparse

import urllib3
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, Skip, client, fresh_bucket, job, same
from harness import TLS_CERTIFICATE, TLS_ENDPOINT
from minio import Minio
from minio.commonconfig import CopySource
from minio.select import CSVInputSerialization, JSONOutputSerialization, SelectRequest
from minio.sse import SseCustomerKey, SseKMS, SseS3


def minio(endpoint):
    url = urlparse(endpoint)
    secure = url.scheme == "https"
    pool = urllib3.PoolManager(ca_certs=TLS_CERTIFICATE) if secure else urllib3.PoolManager()
    return Minio(
        url.netloc, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, secure=secure, http_client=pool
    )


def read(m, bucket, key, **parameters):
    answer = m.get_object(bucket_name=bucket, object_name=key, **parameters)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def put(m, bucket, key, body, sse):
    m.put_object(bucket_name=bucket, object_name=key, data=io.BytesIO(body), length=len(body), part_size=5 << 20, sse=sse)


@job
def minio_py_sse_s3():
    with fresh_bucket() as bucket:
        m = minio(ENDPOINT)
        for size in (0, 1_000, 11_000_000):
            body = os.urandom(size)
            put(m, bucket, "aes", body, SseS3())
            same(read(m, bucket, "aes") == body, True, f"{size} bytes")
            head = client().head_object(Bucket=bucket, Key="aes")
            same(head["ServerSideEncryption"], "AES256", "the form")


@job
def minio_py_sse_c_and_kms():
    """Over https: minio-py refuses both over http."""
    if not TLS_ENDPOINT:
        raise Skip("no openssl for a TLS front")
    s3 = client()
    with fresh_bucket() as bucket:
        rule = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
        }
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        m = minio(TLS_ENDPOINT)
        one, other = SseCustomerKey(os.urandom(32)), SseCustomerKey(os.urandom(32))
        for size in (1_000, 11_000_000):
            body = os.urandom(size)
            put(m, bucket, "kms", body, SseKMS("alias/aws/s3", {"purpose": "test"}))
            same(read(m, bucket, "kms") == body, True, "KMS")
            same(s3.head_object(Bucket=bucket, Key="kms")["ServerSideEncryption"], "aws:kms", "the form")
            put(m, bucket, "mine", body, one)
            same(read(m, bucket, "mine", ssec=one) == body, True, "a client's key")
            source = CopySource(bucket_name=bucket, object_name="mine", ssec=one)
            m.copy_object(bucket_name=bucket, object_name="copy", source=source, sse=other)
            same(read(m, bucket, "copy", ssec=other) == body, True, "a copy under another key")


@job
def a_query_over_an_object():
    m = minio(ENDPOINT)
    request = SelectRequest(
        expression="SELECT s.name FROM S3Object s WHERE s.age > 26",
        input_serialization=CSVInputSerialization(file_header_info="USE"),
        output_serialization=JSONOutputSerialization(),
        request_progress=True,
    )
    with fresh_bucket(client()) as bucket:
        put(m, bucket, "people.csv", b"name,age\nAnn,30\nBob,25\n", None)
        with m.select_object_content(bucket_name=bucket, object_name="people.csv", request=request) as answer:
            same(b"".join(answer.stream()), b'{"name":"Ann"}\n', "the records")
            same(answer.stats().bytes_scanned, "23", "the stats")
