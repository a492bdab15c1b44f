"""Writes by threads while the server is killed and started again, then holds it to what it acknowledged.

Runs until the file named by CLIENTS_STOP_FILE exists. Of each key a thread remembers the acknowledged state and
whatever attempts since then ended without an answer: after a crash either may be there, but nothing else, and
nothing in part.
"""

import json
import os
import random
import sys
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError
from harness import KIB, MIB, PART_MIN, client, content, sha256

BUCKET = "crash"
STOP_FILE = os.environ["CLIENTS_STOP_FILE"]
SEED = os.environ["CLIENTS_SEED"]
# One part of any size, or two of which the first has to be large.
PARTS = [[60_000], [300_000], [1_000_000], [PART_MIN, 60_000]]
SIZES = [0, 100, 5000, 20 * KIB, 100 * KIB, 300 * KIB, 2 * MIB]
ABSENT = "absent"


def body_of(name, size):
    return content(f"{SEED} {name}", size)


class Key:
    """What may be found under one key: `states` maps sha256 (or ABSENT) to how it came there."""

    def __init__(self, name):
        self.name, self.states, self.round = name, {ABSENT: "never written"}, 0

    def acknowledged(self, state, how):
        self.states = {state: how}

    def attempted(self, state, how):
        self.states[state] = how


class Writer(threading.Thread):
    """One thread with keys of its own, so that it knows the order of its own requests."""

    def __init__(self, number):
        super().__init__()
        self.number, self.s3 = number, client(read_timeout=10, connect_timeout=2)
        self.random = random.Random(f"{SEED} thread {number}")
        self.keys, self.counts, self.trouble = [], {"acknowledged": 0, "unanswered": 0, "verified": 0}, []

    def run(self):
        while not os.path.exists(STOP_FILE):
            if self.keys and self.random.random() < 0.3:
                self.verify(self.random.choice(self.keys))
                continue
            key = self.pick()
            key.round += 1
            act = self.random.choice([self.put, self.put, self.put, self.multipart, self.delete, self.copy])
            self.perform(key, *act(key))

    def pick(self):
        if not self.keys or self.random.random() < 0.6:
            self.keys.append(Key(f"thread-{self.number}/key-{len(self.keys)}"))
            return self.keys[-1]
        return self.random.choice(self.keys)

    def perform(self, key, how, state, work):
        # Possible from the moment that the request is under way.
        key.attempted(state, f"{how}, unanswered, round {key.round}")
        try:
            work()
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status < 500:
                self.trouble.append(f"{how} of {key.name}: {error}")
            self.counts["unanswered"] += 1
        except BotoCoreError:
            self.counts["unanswered"] += 1
            time.sleep(0.2)
        else:
            key.acknowledged(state, f"{how}, acknowledged, round {key.round}")
            self.counts["acknowledged"] += 1

    def verify(self, key):
        """Reads a key in the midst of it all. No other thread writes it, so it must be what is known of it."""
        try:
            found, size, _ = read(self.s3, key.name)
        except (BotoCoreError, ClientError) as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else 503
            if status < 500:
                self.trouble.append(f"get of {key.name}: {error}")
            return
        if found not in key.states:
            self.trouble.append(f"{key.name} is {found} ({size} bytes), which is none of {key.states}")
        self.counts["verified"] += 1

    def put(self, key):
        body = body_of(f"{key.name} {key.round}", self.random.choice(SIZES))
        return "put", sha256(body), lambda: self.s3.put_object(Bucket=BUCKET, Key=key.name, Body=body)

    def multipart(self, key):
        sizes = enumerate(self.random.choice(PARTS), 1)
        pieces = [body_of(f"{key.name} {key.round} {n}", size) for n, size in sizes]

        def work():
            upload = dict(Bucket=BUCKET, Key=key.name)
            upload["UploadId"] = self.s3.create_multipart_upload(**upload)["UploadId"]
            tags = [
                self.s3.upload_part(**upload, PartNumber=n, Body=piece)["ETag"] for n, piece in enumerate(pieces, 1)
            ]
            parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
            self.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

        return "multipart", sha256(b"".join(pieces)), work

    def delete(self, key):
        return "delete", ABSENT, lambda: self.s3.delete_object(Bucket=BUCKET, Key=key.name)

    def copy(self, key):
        settled = [
            other for other in self.keys if other is not key and len(other.states) == 1 and ABSENT not in other.states
        ]
        if not settled:
            return self.put(key)
        source = self.random.choice(settled)
        call = dict(Bucket=BUCKET, Key=key.name, CopySource={"Bucket": BUCKET, "Key": source.name})
        return "copy", next(iter(source.states)), lambda: self.s3.copy_object(**call)


def judge(s3, keys):
    """What is wrong: a lost or half object, a deleted one that is back, a list that disagrees with what is read."""
    wrong, expected = [], {key.name: key for key in keys}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    listed = {entry["Key"]: entry for page in pages for entry in page.get("Contents", [])}
    for name in sorted(set(listed) - set(expected)):
        wrong.append(f"{name} is listed, but was never written")
    for name, key in expected.items():
        found, size, tag = read(s3, name)
        if found not in key.states:
            wrong.append(f"{name} is {found} ({size} bytes), which is none of {key.states}")
        if (found == ABSENT) == (name in listed):
            wrong.append(f"{name} is {found}, and its place in the list says otherwise")
        elif name in listed and (listed[name]["Size"], listed[name]["ETag"]) != (size, tag):
            wrong.append(
                f"{name} is listed as {listed[name]['Size']} bytes {listed[name]['ETag']}, but read as {size}, {tag}"
            )
    return wrong


def read(s3, name):
    try:
        got = s3.get_object(Bucket=BUCKET, Key=name)
    except s3.exceptions.NoSuchKey:
        return ABSENT, 0, ""
    body = got["Body"].read()
    return sha256(body), len(body), got["ETag"]


def main():
    s3 = client(retries={"max_attempts": 5, "mode": "standard"})
    s3.create_bucket(Bucket=BUCKET)
    writers = [Writer(number) for number in range(4)]
    print("writing", flush=True)
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    keys = [key for writer in writers for key in writer.keys]
    wrong = judge(s3, keys) + [trouble for writer in writers for trouble in writer.trouble]
    counts = {kind: sum(writer.counts[kind] for writer in writers) for kind in ("acknowledged", "unanswered", "verified")}
    print(json.dumps({"keys": len(keys), **counts, "wrong": wrong[:20], "wrongCount": len(wrong)}), flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
