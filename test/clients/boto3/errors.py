"""What is refused: AWS's code and status for each, and nothing is left behind."""

import socket
from urllib.parse import urlsplit

from harness import ENDPOINT, MIB, client, content, fails_with, fresh_bucket, job, same
from raw import code_of, exchange, send, sign


def refused(answer, status, *codes):
    actual = (answer[0], code_of(answer[1]))
    assert actual[0] == status and actual[1] in codes, f"expected {status} {codes}, got {actual}: {answer[1][:500]}"


def nothing_at(s3, bucket, key):
    fails_with("404", 404, s3.head_object, Bucket=bucket, Key=key)


@job
def every_operation_without_its_bucket():
    s3 = client()
    gone = dict(Bucket="never-created-bucket")
    fails_with("404", 404, s3.head_bucket, **gone)
    for call in (
        s3.list_objects,
        s3.list_objects_v2,
        s3.delete_bucket,
        s3.get_bucket_location,
        s3.list_multipart_uploads,
    ):
        fails_with("NoSuchBucket", 404, call, **gone)
    for call in (s3.get_object, s3.delete_object, s3.create_multipart_upload):
        fails_with("NoSuchBucket", 404, call, **gone, Key="k")
    fails_with("404", 404, s3.head_object, **gone, Key="k")
    fails_with("NoSuchBucket", 404, s3.put_object, **gone, Key="k", Body=b"small")
    fails_with("NoSuchBucket", 404, s3.put_object, **gone, Key="k", Body=content("large", 3 * MIB))


@job
def bucket_names():
    for name in (
        "ab",
        "a" * 64,
        "Upper-case",
        "under_score",
        "-start",
        "end-",
        "two..dots",
        "192.168.1.1",
        "xn--a",
        "a-s3alias",
        "sthree-x",
    ):
        status, body = send("PUT", "/" + name)
        same((status, code_of(body)), (400, "InvalidBucketName"), f"PUT /{name}")
    for name in ("abc", "a" * 63, "with.dots.inside", "123-digits"):
        status, body = send("PUT", "/" + name)
        same((status, body), (200, b""), f"PUT /{name}")
        same(send("DELETE", "/" + name)[0], 204, f"DELETE /{name}")


@job
def location_constraint():
    s3 = client()
    s3.create_bucket(Bucket="located-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    location = s3.get_bucket_location(Bucket="located-bucket")["LocationConstraint"]
    s3.delete_bucket(Bucket="located-bucket")
    return f"eu-west-1 was taken, and GetBucketLocation says {location}"


@job
def metadata_over_2_kb():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="fits", Body=b"x", Metadata={"k": "v" * 2047})
        fails_with(
            "MetadataTooLarge", 400, s3.put_object, Bucket=bucket, Key="over", Body=b"x", Metadata={"k": "v" * 2048}
        )
        nothing_at(s3, bucket, "over")


@job
def body_that_does_not_match_its_hash():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for size in (10, 3 * MIB):
            wrong = content("wrong", 32).hex()
            refused(
                send("PUT", f"/{bucket}/h", body=content("h", size), payload_hash=wrong),
                400,
                "XAmzContentSHA256Mismatch",
            )
            nothing_at(s3, bucket, "h")
        refused(
            send("PUT", f"/{bucket}/h", body=b"x", payload_hash="not-a-hash"), 400, "InvalidArgument", "InvalidRequest"
        )


@job
def unknown_query_operations_are_501_by_name():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        # Not listed or overwritten by mistake: the sub-resource must never be taken for the plain operation.
        for method, target in (
            ("PUT", f"/{bucket}?metadataConfiguration"),
            ("PUT", f"/{bucket}/k?encryption"),
            ("GET", f"/{bucket}?inventory&id=a"),
        ):
            status, body = send(method, target, body=b"" if method == "GET" else b"<a/>")
            assert status in (400, 404, 405, 501), f"{method} {target}: {status} {body[:200]}"
        same(s3.get_object(Bucket=bucket, Key="k")["Body"].read(), b"x", "object")


@job
def malformed_and_hostile_xml():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="keep", Body=b"x")
        target = f"/{bucket}?delete="
        bomb = '<!DOCTYPE d [<!ENTITY a "keep"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&a;</Key></Object></Delete>'
        bodies = [
            "",
            "not xml",
            "<Delete>",
            "<Delete></Delete>",
            "<Other><Object><Key>keep</Key></Object></Other>",
            bomb,
            "<Delete>" + "<a>" * 10_000,
        ]
        for text in bodies:
            body = text.encode()
            refused(
                send("POST", target, body=body, headers=md5_header(body)),
                400,
                "MalformedXML",
                "MissingRequestBodyError",
            )
        huge = b"<Delete>" + b"<Object><Key>k</Key></Object>" * 200_000 + b"</Delete>"
        refused(
            send("POST", target, body=huge, headers=md5_header(huge)),
            400,
            "MalformedXML",
            "MaxMessageLengthExceeded",
            "EntityTooLarge",
        )
        same(s3.get_object(Bucket=bucket, Key="keep")["Body"].read(), b"x", "object")


def md5_header(body):
    import base64
    import hashlib

    return {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()}


@job
def a_missing_content_length():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        headers = sign("PUT", f"/{bucket}/n", {}, "UNSIGNED-PAYLOAD")
        answer = exchange("PUT", f"/{bucket}/n", {**headers, "Transfer-Encoding": "chunked"}, b"3\r\nabc\r\n0\r\n\r\n")
        refused(answer, 501, "NotImplemented")
        nothing_at(s3, bucket, "n")


@job
def a_connection_cut_in_mid_upload():
    s3 = client()
    parts = urlsplit(ENDPOINT)
    with fresh_bucket(s3) as bucket:
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key="p")["UploadId"]
        targets = [
            (f"/{bucket}/cut", 8 * MIB),
            (f"/{bucket}/cut-small", 9000),
            (f"/{bucket}/p?partNumber=1&uploadId={upload_id}", 8 * MIB),
        ]
        for target, size in targets:
            body = content(target, size)
            headers = sign("PUT", target, {"Content-Length": str(size)}, "UNSIGNED-PAYLOAD")
            head = (
                f"PUT {target} HTTP/1.1\r\n"
                + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                + "\r\n"
            )
            with socket.create_connection((parts.hostname, parts.port)) as connection:
                connection.sendall(head.encode() + body[: size * 2 // 3])
        s3.put_object(Bucket=bucket, Key="after", Body=b"the server is well")
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        same(keys, ["after"], "keys")
        assert not s3.list_parts(Bucket=bucket, Key="p", UploadId=upload_id).get("Parts"), "a cut part is listed"


@job
def errors_are_xml_with_a_request_id():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        target = f"/{bucket}/not%20here"
        status, body, headers = exchange("GET", target, sign("GET", target, {}, "UNSIGNED-PAYLOAD"))
        same((status, headers.get("content-type")), (404, "application/xml"), "status and Content-Type")
        text = body.decode()
        assert text.startswith("<?xml"), text
        for piece in (
            "<Error><Code>NoSuchKey</Code>",
            "<Message>",
            "<Key>not here</Key>",
            f"<RequestId>{headers['x-amz-request-id']}</RequestId>",
            "<HostId>",
        ):
            assert piece in text, f"{piece} is not in {text}"
        status, body, headers = exchange("HEAD", target, sign("HEAD", target, {}, "UNSIGNED-PAYLOAD"))
        same((status, body), (404, b""), "HEAD has no body")
        assert headers.get("x-amz-request-id"), "no request id on HEAD"


@job
def methods_that_do_not_exist():
    for method, target in (("POST", "/"), ("PATCH", "/some-bucket/k"), ("DELETE", "/")):
        status, body = send(method, target)
        assert status in (400, 405, 501), f"{method} {target}: {status} {body[:200]}"


@job
def garbage_on_the_wire_leaves_the_server_well():
    for text in (
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 nonsense\r\n\r\n",
        b"\x00\xff" * 100,
    ):
        parts = urlsplit(ENDPOINT)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4096)
    client().list_buckets()
