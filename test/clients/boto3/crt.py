"""With the AWS Common Runtime installed botocore signs by other code, computes more checksums, and transfers by the runtime."""

import base64
import hashlib
import io

from botocore.compat import HAS_CRT
from botocore.session import Session
from crc import checksum
from harness import (
    KIB,
    MIB,
    REGION,
    TLS_CERTIFICATE,
    TLS_ENDPOINT,
    Skip,
    client,
    content,
    fails_with,
    file_sha256,
    fresh_bucket,
    job,
    same,
    scratch,
    sha256,
)

CLASSES = ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "REDUCED_REDUNDANCY"]


def need_runtime():
    if not HAS_CRT:
        raise Skip("awscrt is not installed")


def value_of(algorithm, data):
    """The checksum by code that is not Sherd's."""
    from awscrt.checksums import XXHash

    digests = {
        "SHA512": lambda: hashlib.sha512(data).digest(),
        "MD5": lambda: hashlib.md5(data).digest(),
        "XXHASH64": lambda: XXHash.compute_xxhash64(data),
        "XXHASH3": lambda: XXHash.compute_xxhash3_64(data),
        "XXHASH128": lambda: XXHash.compute_xxhash3_128(data),
    }
    if algorithm in digests:
        return base64.b64encode(digests[algorithm]()).decode()
    return checksum(algorithm, data)


ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"]
# botocore computes no MD5: it is given by value.
COMPUTED = [algorithm for algorithm in ALGORITHMS if algorithm != "MD5"]


@job
def every_algorithm_computed_by_the_runtime():
    need_runtime()
    for s3 in [client()] + ([client(endpoint=TLS_ENDPOINT)] if TLS_ENDPOINT else []):  # over TLS in a trailer
        with fresh_bucket(s3) as bucket:
            for algorithm in COMPUTED:
                for size in (0, 300_000):
                    data = content(algorithm, size)
                    put = s3.put_object(Bucket=bucket, Key="c é+", Body=data, ChecksumAlgorithm=algorithm)
                    same(put["Checksum" + algorithm], value_of(algorithm, data), algorithm)
                    same(s3.get_object(Bucket=bucket, Key="c é+")["Body"].read(), data, "a body that the client verifies")


@job
def every_algorithm_by_value():
    need_runtime()
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for algorithm in ALGORITHMS:
            member = "Checksum" + algorithm
            for size in (0, 5, 300 * KIB):
                data = content(algorithm, size)
                s3.put_object(Bucket=bucket, Key="v", Body=data, **{member: value_of(algorithm, data)})
                head = s3.head_object(Bucket=bucket, Key="v", ChecksumMode="ENABLED")
                same((head[member], head["ChecksumType"]), (value_of(algorithm, data), "FULL_OBJECT"), f"HEAD, {algorithm}")
                listed = s3.list_objects_v2(Bucket=bucket, Prefix="v")["Contents"][0]
                same(listed["ChecksumAlgorithm"], [algorithm], "list entry")
                attributes = s3.get_object_attributes(Bucket=bucket, Key="v", ObjectAttributes=["Checksum"])
                same(attributes["Checksum"][member], value_of(algorithm, data), "attributes")
            s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "v"})
            copied = s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
            same(copied[member], value_of(algorithm, data), "checksum of a copy")
            wrong = {member: value_of(algorithm, b"sand")}
            fails_with("BadDigest", 400, s3.put_object, Bucket=bucket, Key="w", Body=b"clay", **wrong)


@job
def parts_with_every_algorithm():
    need_runtime()
    s3 = client()
    pieces = [content("m1", 8 * MIB), content("m2", 1001)]
    data = b"".join(pieces)
    with fresh_bucket(s3) as bucket:
        for algorithm in COMPUTED:
            s3.upload_fileobj(io.BytesIO(data), bucket, "m", ExtraArgs={"ChecksumAlgorithm": algorithm})
            head = s3.head_object(Bucket=bucket, Key="m", ChecksumMode="ENABLED")
            if head["ChecksumType"] == "FULL_OBJECT":
                expected = value_of(algorithm, data)
            else:
                sums = b"".join(base64.b64decode(value_of(algorithm, piece)) for piece in pieces)
                expected = value_of(algorithm, sums) + "-2"
            same(head["Checksum" + algorithm], expected, f"{algorithm}, {head['ChecksumType']}")
            same(s3.get_object(Bucket=bucket, Key="m", ChecksumMode="ENABLED")["Body"].read() == data, True, algorithm)


@job
def storage_classes():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for kind in CLASSES:
            s3.put_object(Bucket=bucket, Key=kind, Body=b"clay", StorageClass=kind)
            same(s3.head_object(Bucket=bucket, Key=kind)["StorageClass"], kind, "HEAD")
            same(s3.get_object(Bucket=bucket, Key=kind)["Body"].read(), b"clay", "body")
            s3.upload_fileobj(io.BytesIO(bytes(9 * MIB)), bucket, kind + "-parts", ExtraArgs={"StorageClass": kind})
            listed = {e["Key"]: e["StorageClass"] for e in s3.list_objects_v2(Bucket=bucket, Prefix=kind)["Contents"]}
            same((listed[kind], listed[kind + "-parts"]), (kind, kind), "list")
            # The class alone makes a copy onto itself legal, also where it stays.
            source = {"Bucket": bucket, "Key": kind}
            s3.copy_object(Bucket=bucket, Key=kind, CopySource=source, StorageClass=kind)
            fails_with("InvalidRequest", 400, s3.copy_object, Bucket=bucket, Key=kind, CopySource=source)
            s3.copy_object(Bucket=bucket, Key=kind, CopySource=source, StorageClass="STANDARD")
            same(s3.head_object(Bucket=bucket, Key=kind).get("StorageClass"), None, "a copy into STANDARD")
        fails_with("InvalidStorageClass", 400, s3.put_object, Bucket=bucket, Key="x", Body=b"", StorageClass="LUKEWARM")


@job
def transfers_by_the_runtime():
    """What boto3 does with preferred_transfer_client="crt", but that boto3 trusts the system's certificates only."""
    need_runtime()
    if not TLS_ENDPOINT:
        raise Skip("no openssl to make a certificate with")
    from s3transfer.crt import BotocoreCRTCredentialsWrapper, BotocoreCRTRequestSerializer, CRTTransferManager
    from s3transfer.crt import create_s3_crt_client

    session = Session()
    provider = BotocoreCRTCredentialsWrapper(session.get_credentials()).to_crt_credentials_provider()
    runtime = create_s3_crt_client(REGION, provider, part_size=5 * MIB, verify=TLS_CERTIFICATE)
    serializer = BotocoreCRTRequestSerializer(session, {"region_name": REGION, "endpoint_url": TLS_ENDPOINT})
    s3 = client()
    with fresh_bucket(s3) as bucket, CRTTransferManager(runtime, serializer) as manager:
        # Of an empty object the runtime makes no file.
        for size in (1000, 23 * MIB + 7):
            path, back = scratch(f"crt-{size}"), scratch(f"crt-{size}-back")
            with open(path, "wb") as file:
                file.write(content("crt", size))
            extra = {"ContentType": "text/x-pot", "Metadata": {"kind": "pot"}}
            manager.upload(path, bucket, "c é+", extra).result()
            head = s3.head_object(Bucket=bucket, Key="c é+", ChecksumMode="ENABLED")
            same((head["ContentLength"], head["ContentType"], head["Metadata"]), (size, "text/x-pot", {"kind": "pot"}), "HEAD")
            same("ChecksumCRC32" in head or "ChecksumCRC64NVME" in head, True, f"a checksum in {sorted(head)}")
            manager.download(bucket, "c é+", back).result()
            same(file_sha256(back), sha256(content("crt", size)), f"a file of {size}")
        manager.delete(bucket, "c é+").result()
        fails_with("404", 404, s3.head_object, Bucket=bucket, Key="c é+")


@job
def a_transfer_with_crc64():
    need_runtime()
    s3 = client()
    data = content("crt large", 20 * MIB)
    with fresh_bucket(s3) as bucket:
        s3.upload_fileobj(io.BytesIO(data), bucket, "large", ExtraArgs={"ChecksumAlgorithm": "CRC64NVME"})
        head = s3.head_object(Bucket=bucket, Key="large", ChecksumMode="ENABLED")
        assert head["ChecksumCRC64NVME"] and head["ChecksumType"] == "FULL_OBJECT", head
        same(s3.get_object(Bucket=bucket, Key="large")["Body"].read(), data, "body")
