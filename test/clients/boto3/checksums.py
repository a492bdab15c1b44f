"""The five checksum algorithms in header form, on whole objects and on multipart uploads of both types."""

import base64
import hashlib

from crc import checksum, composite
from harness import KIB, PART_MIN, client, content, fails_with, fresh_bucket, job, same

ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]
# Which types S3 allows on a multipart upload: a digest cannot be combined from its parts, and CRC-64 only can.
TYPES = [(a, "COMPOSITE") for a in ("CRC32", "CRC32C", "SHA1", "SHA256")] + [(a, "FULL_OBJECT") for a in ALGORITHMS[:3]]


@job
def each_algorithm_by_value():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for algorithm in ALGORITHMS:
            for size in (0, 1000, 300 * KIB):
                data = content(f"checksum {algorithm} {size}", size)
                value, member = checksum(algorithm, data), "Checksum" + algorithm
                put = s3.put_object(Bucket=bucket, Key="c", Body=data, **{member: value})
                same((put[member], put["ChecksumType"]), (value, "FULL_OBJECT"), f"answer of the PUT with {algorithm}")
                head = s3.head_object(Bucket=bucket, Key="c", ChecksumMode="ENABLED")
                same((head[member], head["ChecksumType"]), (value, "FULL_OBJECT"), f"HEAD after {algorithm}")
                got = s3.get_object(Bucket=bucket, Key="c", ChecksumMode="ENABLED")
                same((got[member], got["Body"].read()), (value, data), f"GET after {algorithm}")
                entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
                same((entry["ChecksumAlgorithm"], entry["ChecksumType"]), ([algorithm], "FULL_OBJECT"), "list entry")


@job
def a_wrong_value_stores_nothing():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for algorithm in ALGORITHMS:
            for size in (10, 300 * KIB):
                wrong = {"Checksum" + algorithm: checksum(algorithm, b"something else")}
                call = dict(Bucket=bucket, Key="w", Body=content("w", size))
                fails_with("BadDigest", 400, s3.put_object, **call, **wrong)
                fails_with("404", 404, s3.head_object, Bucket=bucket, Key="w")
            malformed = {"Checksum" + algorithm: "AAA="}
            fails_with("InvalidRequest", 400, s3.put_object, **call, **malformed)


@job
def crc64_where_the_client_sent_none():
    s3 = client(request_checksum_calculation="when_required")
    with fresh_bucket(s3) as bucket:
        for size in (0, 100, 400 * KIB):
            data = content(f"none {size}", size)
            s3.put_object(Bucket=bucket, Key="n", Body=data)
            head = s3.head_object(Bucket=bucket, Key="n", ChecksumMode="ENABLED")
            same(head.get("ChecksumCRC64NVME"), checksum("CRC64NVME", data), f"CRC-64 of {size} bytes")


@job
def default_is_crc32_and_verified():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        data = content("default", 100_000)
        put = s3.put_object(Bucket=bucket, Key="d", Body=data)
        same(put["ChecksumCRC32"], checksum("CRC32", data), "CRC32 by default")
        same(s3.get_object(Bucket=bucket, Key="d")["Body"].read(), data, "body")
        plain = client(response_checksum_validation="when_required").head_object(Bucket=bucket, Key="d")
        assert "ChecksumCRC32" not in plain, "a checksum that was not asked for"


@job
def multipart_of_both_types():
    s3 = client()
    pieces = [content("m1", PART_MIN), content("m2", PART_MIN + 3), content("m3", 1001)]
    data = b"".join(pieces)
    with fresh_bucket(s3) as bucket:
        for algorithm, kind in TYPES:
            member, key = "Checksum" + algorithm, f"{algorithm}-{kind}"
            created = s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm=algorithm, ChecksumType=kind)
            same((created["ChecksumAlgorithm"], created["ChecksumType"]), (algorithm, kind), "answer of Create")
            upload = dict(Bucket=bucket, Key=key, UploadId=created["UploadId"])
            parts = send_parts(s3, upload, member, algorithm, pieces)
            listed = s3.list_parts(**upload)
            same((listed["ChecksumAlgorithm"], listed["ChecksumType"]), (algorithm, kind), "ListParts")
            same([part[member] for part in listed["Parts"]], [part[member] for part in parts], "checksums of parts")
            whole = composite(algorithm, pieces) if kind == "COMPOSITE" else checksum(algorithm, data)
            wrong = {member: checksum(algorithm, b"wrong") + ("-3" if kind == "COMPOSITE" else "")}
            end = dict(**upload, MultipartUpload={"Parts": parts}, ChecksumType=kind)
            fails_with("BadDigest", 400, s3.complete_multipart_upload, **end, **wrong)
            done = s3.complete_multipart_upload(**end, **({member: whole} if kind == "FULL_OBJECT" else {}))
            same((done[member], done["ChecksumType"]), (whole, kind), f"answer of Complete, {key}")
            head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            same((head[member], head["ChecksumType"]), (whole, kind), f"HEAD, {key}")
            same(s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")["Body"].read(), data, key)


def send_parts(s3, upload, member, algorithm, pieces):
    parts = []
    for number, piece in enumerate(pieces, start=1):
        value = checksum(algorithm, piece)
        bad = {member: checksum(algorithm, b"bad")}
        if number == len(pieces):
            fails_with("BadDigest", 400, s3.upload_part, **upload, PartNumber=number, Body=piece, **bad)
        part = s3.upload_part(**upload, PartNumber=number, Body=piece, **{member: value})
        same(part[member], value, f"answer of part {number}")
        parts.append({"PartNumber": number, "ETag": part["ETag"], member: value})
    return parts


@job
def multipart_refuses_impossible_types():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for algorithm, kind in (("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")):
            call = dict(Bucket=bucket, Key="x", ChecksumAlgorithm=algorithm, ChecksumType=kind)
            fails_with("InvalidRequest", 400, s3.create_multipart_upload, **call)


@job
def get_object_attributes():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        data = content("attributes", 5000)
        etag = s3.put_object(Bucket=bucket, Key="a", Body=data, ChecksumAlgorithm="SHA256")["ETag"].strip('"')
        wanted = ["ETag", "Checksum", "ObjectSize", "StorageClass"]
        try:
            answer = s3.get_object_attributes(Bucket=bucket, Key="a", ObjectAttributes=wanted)
        except s3.exceptions.ClientError as error:
            same(error.response["Error"]["Code"], "NotImplemented", "an operation that is not built is named")
            return "501 NotImplemented"
        same((answer["ETag"], answer["ObjectSize"]), (etag, 5000), "attributes")
        same(answer["Checksum"]["ChecksumSHA256"], checksum("SHA256", data), "checksum")


@job
def newer_algorithms_are_kept_or_refused_by_name():
    s3 = client()
    value = base64.b64encode(hashlib.sha512(b"clay").digest()).decode()
    with fresh_bucket(s3) as bucket:
        try:
            s3.put_object(Bucket=bucket, Key="n", Body=b"clay", ChecksumSHA512=value)
        except s3.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in ("NotImplemented", "InvalidRequest"), str(error)
            fails_with("404", 404, s3.head_object, Bucket=bucket, Key="n")
            return error.response["Error"]["Code"]
        head = s3.head_object(Bucket=bucket, Key="n", ChecksumMode="ENABLED")
        same(head.get("ChecksumSHA512"), value, "a checksum that was taken is stored")
