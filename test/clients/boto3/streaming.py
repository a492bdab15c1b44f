"""aws-chunked bodies in the three forms that SDKs send: right ones, forged ones and cut ones."""

from crc import checksum
from harness import KIB, MIB, client, content, fails_with, fresh_bucket, job, same
from raw import ChunkSigner, code_of, exchange, sign

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = SIGNED + "-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNK = 64 * KIB


def pieces_of(data, size=CHUNK):
    return [data[start : start + size] for start in range(0, len(data), size)]


def envelope(target, data, mode, **extra):
    """Signed headers, Content-Length not among them: a spoiled body gets past the head to the check meant for it."""
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(len(data))}
    return sign("PUT", target, {**headers, **extra}, mode)


def signed_body(target, data, alter=lambda chunks: chunks, size=CHUNK):
    """Headers and body of a chunk-signed upload; `alter` may spoil the list of chunks, whose last one is empty."""
    headers = envelope(target, data, SIGNED)
    signer = ChunkSigner(headers)
    return headers, b"".join(alter([signer.chunk(piece) for piece in [*pieces_of(data, size), b""]]))


def unsigned_trailer_body(target, data, algorithm, value, size=CHUNK, **extra):
    name = "x-amz-checksum-" + algorithm.lower()
    chunks = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces_of(data, size))
    headers = envelope(target, data, UNSIGNED_TRAILER, **{"X-Amz-Trailer": name, **extra})
    return headers, chunks + f"0\r\n{name}:{value}\r\n\r\n".encode()


def signed_trailer_body(target, data, algorithm, value):
    name = "x-amz-checksum-" + algorithm.lower()
    headers = envelope(target, data, SIGNED_TRAILER, **{"X-Amz-Trailer": name})
    signer = ChunkSigner(headers)
    chunks = [signer.chunk(piece) for piece in pieces_of(data)]
    # The trailer follows the empty chunk at once, without that chunk's own line end.
    return headers, b"".join(chunks) + signer.chunk(b"")[:-2] + signer.trailer(name, value)


def put(target, headers_and_body):
    headers, body = headers_and_body
    return exchange("PUT", target, {**headers, "Content-Length": str(len(body))}, body)


def stored(s3, bucket, key, data):
    got = s3.get_object(Bucket=bucket, Key=key)
    same(got["Body"].read(), data, key)
    assert "aws-chunked" not in got.get("ContentEncoding", ""), f"aws-chunked is stored: {got['ContentEncoding']}"


def refused(s3, bucket, key, answer, status, *codes):
    actual = (answer[0], code_of(answer[1]))
    assert actual[0] == status and actual[1] in codes, f"expected {status} {codes}, got {actual}"
    fails_with("404", 404, s3.head_object, Bucket=bucket, Key=key)


@job
def chunks_signed_one_by_one():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for size in (0, 1, CHUNK, CHUNK + 1, 3 * MIB + 7):
            target, data = f"/{bucket}/s{size}", content(f"s{size}", size)
            status, body, _ = put(target, signed_body(target, data))
            same((status, body), (200, b""), f"PUT of {size} bytes")
            stored(s3, bucket, f"s{size}", data)
        target, data = f"/{bucket}/tiny", content("tiny chunks", 100_000)
        same(put(target, signed_body(target, data, size=8 * KIB))[0], 200, "chunks of 8 KiB")
        stored(s3, bucket, "tiny", data)


@job
def forged_and_cut_chunks():
    s3 = client()
    data = content("forged", 5 * CHUNK)
    forged = {
        "flip": lambda c: [c[0], c[1][:-10] + bytes([c[1][-10] ^ 1]) + c[1][-9:], *c[2:]],
        "swap": lambda c: [c[1], c[0], *c[2:]],
        "bad-signature": lambda c: [c[0].replace(c[0].split(b"=")[1][:4], b"0000", 1), *c[1:]],
        "last-forged": lambda c: [*c[:-1], c[-1][:-8] + b"0000" + c[-1][-4:]],
    }
    cut = {"no-end": lambda c: c[:-1], "drop-one": lambda c: c[:2] + c[3:], "half": lambda c: [c[0], c[1][:1000]]}
    with fresh_bucket(s3) as bucket:
        for name, alter in forged.items():
            target = f"/{bucket}/{name}"
            refused(s3, bucket, name, put(target, signed_body(target, data, alter)), 403, "SignatureDoesNotMatch")
        for name, alter in cut.items():
            target = f"/{bucket}/{name}"
            answer = put(target, signed_body(target, data, alter))
            codes = (
                "SignatureDoesNotMatch",
                "IncompleteBody",
                "InvalidRequest",
                "InvalidArgument",
                "MalformedTrailerError",
            )
            assert answer[0] in (400, 403), f"{name}: {answer[0]}"
            refused(s3, bucket, name, answer, answer[0], *codes)


@job
def unsigned_chunks_with_a_trailer():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):
            for size in (0, 1000, 400 * KIB):
                key = f"{algorithm}-{size}"
                target, data = f"/{bucket}/{key}", content(key, size)
                value = checksum(algorithm, data)
                status, body, headers = put(target, unsigned_trailer_body(target, data, algorithm, value))
                same((status, headers.get("x-amz-checksum-" + algorithm.lower())), (200, value), f"{key} {body}")
                stored(s3, bucket, key, data)
                head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
                same(head.get("Checksum" + algorithm), value, "HEAD")
            wrong = unsigned_trailer_body(f"/{bucket}/wrong", data, algorithm, checksum(algorithm, b"wrong"))
            refused(s3, bucket, "wrong", put(f"/{bucket}/wrong", wrong), 400, "BadDigest")


@job
def signed_chunks_with_a_signed_trailer():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for size in (0, 10, 300_000):
            target, data = f"/{bucket}/t{size}", content(f"t{size}", size)
            status, body, _ = put(target, signed_trailer_body(target, data, "CRC32C", checksum("CRC32C", data)))
            same((status, body), (200, b""), f"PUT of {size} bytes")
            stored(s3, bucket, f"t{size}", data)
        wrong = signed_trailer_body(f"/{bucket}/wrong", data, "CRC32C", checksum("CRC32C", b"wrong"))
        refused(s3, bucket, "wrong", put(f"/{bucket}/wrong", wrong), 400, "BadDigest")
        headers, body = signed_trailer_body(f"/{bucket}/wrong", data, "CRC32C", checksum("CRC32C", data))
        forged = body[:-8] + b"0000" + body[-4:]
        refused(s3, bucket, "wrong", put(f"/{bucket}/wrong", (headers, forged)), 403, "SignatureDoesNotMatch")


@job
def a_trailer_or_length_that_is_not_as_announced():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        data = content("announced", 100_000)
        target = f"/{bucket}/a"
        headers, body = unsigned_trailer_body(target, data, "CRC32", checksum("CRC32", data))
        for spoiled in (
            body.replace(b"x-amz-checksum-crc32:", b"x-amz-checksum-sha10:"),
            b"zz" + body[2:],
            body[: len(body) - 20] + b" " * 20,
        ):
            answer = put(target, (headers, spoiled))
            assert answer[0] == 400, f"{answer[0]} {answer[1][:300]}"
            fails_with("404", 404, s3.head_object, Bucket=bucket, Key="a")
        for wrong in (len(data) - 1, len(data) + 1):
            signed = envelope(target, b"x" * wrong, UNSIGNED_TRAILER, **{"X-Amz-Trailer": "x-amz-checksum-crc32"})
            answer = put(target, (signed, body))
            assert answer[0] == 400, f"decoded length {wrong}: {answer[0]} {answer[1][:300]}"
            fails_with("404", 404, s3.head_object, Bucket=bucket, Key="a")


@job
def a_stored_content_encoding_survives_aws_chunked():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        data, target = content("gz", 2000), f"/{bucket}/g"
        gzip = {"Content-Encoding": "gzip,aws-chunked"}
        same(put(target, unsigned_trailer_body(target, data, "CRC32", checksum("CRC32", data), **gzip))[0], 200, "PUT")
        got = s3.get_object(Bucket=bucket, Key="g")
        same((got["ContentEncoding"], got["Body"].read()), ("gzip", data), "object")
