"""Over https SDKs send aws-chunked with a trailer and unsigned bodies. A TLS front stands before the server."""

import io

from crc import checksum
from harness import MIB, TLS_ENDPOINT, Skip, client, content, fresh_bucket, job, same
from transfer import Unseekable


def https(**options):
    if not TLS_ENDPOINT:
        raise Skip("no TLS front: openssl is missing")
    return client(endpoint=TLS_ENDPOINT, **options)


def sent_headers(s3):
    """Collects the headers of PUT requests as they are sent."""
    seen = []
    s3.meta.events.register(
        "before-send.s3", lambda request, **_: seen.append(request.headers) if request.method == "PUT" else None
    )
    return seen


@job
def put_with_a_trailer():
    s3 = https()
    with fresh_bucket(s3) as bucket:
        seen = sent_headers(s3)
        for algorithm in ("CRC32", "SHA1", "SHA256"):
            for size in (0, 100, 3 * MIB):
                data = content(f"tls {size}", size)
                put = s3.put_object(Bucket=bucket, Key="t", Body=io.BytesIO(data), ChecksumAlgorithm=algorithm)
                same(put["Checksum" + algorithm], checksum(algorithm, data), algorithm)
                got = s3.get_object(Bucket=bucket, Key="t")
                same((got["Body"].read(), got.get("ContentEncoding", "")), (data, ""), f"{size} bytes")
        modes = {headers["X-Amz-Content-SHA256"] for headers in seen}
        modes = {mode.decode() if isinstance(mode, bytes) else mode for mode in modes}
        same(modes, {"STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, "how the bodies were signed")


@job
def transfers_and_streams():
    s3 = https()
    data = content("tls large", 30 * MIB + 3)
    with fresh_bucket(s3) as bucket:
        s3.upload_fileobj(io.BytesIO(data), bucket, "large")
        target = io.BytesIO()
        s3.download_fileobj(bucket, "large", target)
        same(target.getvalue(), data, "large")
        s3.upload_fileobj(Unseekable(data), bucket, "stream")
        same(s3.get_object(Bucket=bucket, Key="stream")["Body"].read(), data, "stream")


@job
def unsigned_bodies():
    s3 = https(request_checksum_calculation="when_required", s3={"payload_signing_enabled": False})
    with fresh_bucket(s3) as bucket:
        data = content("tls unsigned", MIB)
        s3.put_object(Bucket=bucket, Key="u", Body=data)
        same(s3.get_object(Bucket=bucket, Key="u")["Body"].read(), data, "body")


@job
def signed_bodies():
    s3 = https(s3={"payload_signing_enabled": True})
    with fresh_bucket(s3) as bucket:
        data = content("tls signed", MIB)
        s3.put_object(Bucket=bucket, Key="s", Body=data)
        same(s3.get_object(Bucket=bucket, Key="s")["Body"].read(), data, "body")
