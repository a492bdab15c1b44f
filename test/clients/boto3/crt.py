"""With the AWS Common Runtime installed botocore signs by other code and computes CRC32C and CRC-64/NVME itself."""

import io

from botocore.compat import HAS_CRT
from crc import checksum
from harness import MIB, Skip, client, content, fresh_bucket, job, same


@job
def every_algorithm_computed_by_the_runtime():
    if not HAS_CRT:
        raise Skip("awscrt is not installed")
    s3 = client()
    data = content("crt", 300_000)
    with fresh_bucket(s3) as bucket:
        for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):
            put = s3.put_object(Bucket=bucket, Key="c é+", Body=data, ChecksumAlgorithm=algorithm)
            same(put["Checksum" + algorithm], checksum(algorithm, data), algorithm)
            same(s3.get_object(Bucket=bucket, Key="c é+")["Body"].read(), data, "a body that the client verifies")


@job
def a_transfer_with_crc64():
    if not HAS_CRT:
        raise Skip("awscrt is not installed")
    s3 = client()
    data = content("crt large", 20 * MIB)
    with fresh_bucket(s3) as bucket:
        s3.upload_fileobj(io.BytesIO(data), bucket, "large", ExtraArgs={"ChecksumAlgorithm": "CRC64NVME"})
        head = s3.head_object(Bucket=bucket, Key="large", ChecksumMode="ENABLED")
        assert head["ChecksumCRC64NVME"] and head["ChecksumType"] == "FULL_OBJECT", head
        same(s3.get_object(Bucket=bucket, Key="large")["Body"].read(), data, "body")
