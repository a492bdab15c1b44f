"""Decrypts one object from its row and its data shards. Written from docs/storage-format.md alone; needs the package cryptography.

Standard input is JSON: {"rootKeys": [text], "row": {"bucket", "bucketId", "key", "id", "encryption", "extents", "inlineBody"},
"blobs": {id: {"k", "blockBytes", "sizeBytes", "shards": [base64 of the k data shards' files]}}, "dataKey": base64 if it is not SSE-S3}. The plain
bytes go to standard output. Test vectors in this form are in vectors.json.
"""
import base64
import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER, CHECK, TAG = 64, 8, 16
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def hkdf(secret, info, length):
    return HKDF(hashes.SHA256(), length, None, f"sherd/1/{info}".encode()).derive(secret.encode())


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def object_key(root_keys, row, data_key=None):
    """Opens the sealed key of SSE-S3, or under the data key of SSE-KMS or the client's key of SSE-C."""
    sealed = unbase64url(row["encryption"]["sealed"])
    context = "\0".join(["sherd/1/object", row["bucket"], str(row["bucketId"]), row["key"], row["id"]]).encode()
    if data_key:
        return AESGCM(mac(base64.b64decode(data_key), context)).decrypt(sealed[:12], sealed[12:], None)
    assert sealed[0] == 2
    root = next(key for key in root_keys if hkdf(key, "root id", 4) == sealed[1:5])
    return AESGCM(mac(hkdf(root, "object-key", 32), context)).decrypt(sealed[5:17], sealed[17:], None)


def open_block(key, body_id, size, number, sealed):
    body_key = mac(key, b"sherd/1/body/1" + body_id)
    bound = body_id + size.to_bytes(8, "big") + number.to_bytes(8, "big")
    return AESGCM(body_key).decrypt(number.to_bytes(12, "big"), sealed, bound)


def open_whole(key, sealed):
    return open_block(key, sealed[:16], len(sealed) - 16 - TAG, 0, sealed[16:])


def id_bytes(text):
    value = 0
    for character in text:
        value = value * 32 + ALPHABET.index(character)
    return value.to_bytes(16, "big")


def stripes(blob):
    """The stored bytes of each stripe."""
    k, block = blob["k"], blob["blockBytes"]
    shards = [base64.b64decode(shard) for shard in blob["shards"]]
    for stripe in range(-(-blob["sizeBytes"] // (k * block))):
        stored = min(k * block, blob["sizeBytes"] - stripe * k * block)
        length = -(-(-(-stored // k)) // 128) * 128
        start = HEADER + stripe * (block + CHECK)
        yield b"".join(shard[start : start + length] for shard in shards)[:stored]


def open_stripes(key, body_id, layout, data):
    """The plain bytes of whole stripes, stored as `data`, from offset `at` of a sealed blob."""
    k, full, blob_bytes, at = layout
    rest = blob_bytes % (k * full)
    size = blob_bytes // (k * full) * k * (full - TAG) + (rest - k * TAG if rest else 0)
    before = at // (k * full) * k * (full - TAG)
    plain = b""
    while data:
        stored, data = data[: k * full], data[k * full :]
        length = -(-(-(-len(stored) // k)) // 128) * 128
        left = min(len(stored) - k * TAG, size - before - len(plain))
        for index in range(-(-left // (length - TAG))):
            sealed = stored[index * length : index * length + min(length - TAG, left - index * (length - TAG)) + TAG]
            plain += open_block(key, id_bytes(body_id), size, at // (k * full) * k + index, sealed)
        at += k * full
    return plain


def main():
    given = json.load(sys.stdin)
    row, blobs = given["row"], given["blobs"]
    key = object_key(given["rootKeys"], row, given.get("dataKey"))
    for _, length, blob_id, offset, _, *form in row["extents"] or []:
        blob = blobs[blob_id]
        stored = b"".join(stripes(blob))
        if form == [1]:
            sys.stdout.buffer.write(open_whole(key, stored[offset : offset + 16 + length + TAG]))
            continue
        body_id, *layout = form[0] if form else [blob_id, blob["k"], blob["blockBytes"], blob["sizeBytes"], 0]
        sys.stdout.buffer.write(open_stripes(key, body_id, layout, stored)[offset : offset + length])
    if row["inlineBody"]:
        sys.stdout.buffer.write(open_whole(key, base64.b64decode(row["inlineBody"])))


main()
