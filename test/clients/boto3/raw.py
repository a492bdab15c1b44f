"""Requests that no SDK sends: signed by botocore's signer, then sent byte for byte by http.client."""

import datetime
import hashlib
import hmac
import http.client
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY

HOST = urlsplit(ENDPOINT).netloc


class GivenHashAuth(S3SigV4Auth):
    """Signs with a given payload hash instead of reading a body."""

    def __init__(self, payload_hash, secret, key):
        super().__init__(Credentials(key, secret), "s3", REGION)
        self.payload_hash = payload_hash

    def payload(self, request):
        return self.payload_hash


def sign(method, target, headers, payload_hash, secret=SECRET_KEY, key=ACCESS_KEY, minutes=0):
    """The headers of a signed request for `target` (a path with its query, encoded), its clock `minutes` ahead."""
    request = AWSRequest(method=method, url=ENDPOINT + target, headers={"Host": HOST, **headers})
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    with patch("botocore.auth.get_current_datetime", return_value=now):
        GivenHashAuth(payload_hash, secret, key).add_auth(request)
    return dict(request.headers.items())


def exchange(method, target, headers, body=b""):
    """Sends exactly these headers and this body. Returns status, body and headers of the answer."""
    connection = http.client.HTTPConnection(HOST, timeout=30)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    try:
        if body:
            connection.send(body)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before the body was read: the answer tells why
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data, dict((name.lower(), value) for name, value in answer.getheaders())


def send(method, target, body=b"", headers=None, payload_hash=None, **keys):
    """Signs and sends. Returns status and body."""
    digest = payload_hash or hashlib.sha256(body).hexdigest()
    sent = {"Content-Length": str(len(body)), **(headers or {})}
    status, data, _ = exchange(method, target, sign(method, target, sent, digest, **keys), body)
    return status, data


def code_of(body):
    """The Code of an error body, or a note that there is none."""
    text = body.decode("utf-8", "replace")
    if "<Code>" not in text:
        return f"no code in {text[:200]!r}"
    return text.split("<Code>")[1].split("</Code>")[0]


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class ChunkSigner:
    """The signature chain of an aws-chunked body (STREAMING-AWS4-HMAC-SHA256-PAYLOAD and …-TRAILER)."""

    def __init__(self, headers, secret=SECRET_KEY):
        self.time = headers["X-Amz-Date"]
        day = self.time[:8]
        self.scope = f"{day}/{REGION}/s3/aws4_request"
        key = ("AWS4" + secret).encode()
        for step in (day, REGION, "s3", "aws4_request"):
            key = hmac_sha256(key, step)
        self.key = key
        self.previous = headers["Authorization"].split("Signature=")[1]

    def next(self, kind, *hashes):
        text = "\n".join([kind, self.time, self.scope, self.previous, *hashes])
        self.previous = hmac_sha256(self.key, text).hex()
        return self.previous

    def chunk(self, data):
        empty = hashlib.sha256(b"").hexdigest()
        signature = self.next("AWS4-HMAC-SHA256-PAYLOAD", empty, hashlib.sha256(data).hexdigest())
        return f"{len(data):x};chunk-signature={signature}\r\n".encode() + data + b"\r\n"

    def trailer(self, name, value):
        signature = self.next("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest())
        return f"{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n\r\n".encode()
