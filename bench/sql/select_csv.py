"""Counts rows of a large CSV by a condition: by S3 Select, and by downloading it and filtering with the csv module, both with boto3.
While a query runs, a thread gets a small object over and over. Arguments: endpoint, MiB. Prints a JSON line before and after each.
"""

import csv
import io
import json
import sys
import threading
import time

import boto3

BUCKET, KEY, PING = "select-bench", "orders.csv", "ping"
CITIES = ("Graz", "Wien", "Linz")
LINE_FEED = 10


def block():
    rows = (
        f"{i},customer {i % 1000},{CITIES[i % 3]},{i * 7919 % 10000 / 100},2026-11-{i % 28 + 1:02d},a note of order {i * 31}\n"
        for i in range(100_000)
    )
    return "".join(rows).encode()


def upload(s3, mib):
    """In parts of the same block of rows, so that nothing large is held here."""
    part = block() * 2
    parts, sent = [], 0
    upload_id = s3.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    while sent < mib << 20:
        number = len(parts) + 1
        done = s3.upload_part(Bucket=BUCKET, Key=KEY, UploadId=upload_id, PartNumber=number, Body=part)
        parts.append({"PartNumber": number, "ETag": done["ETag"]})
        sent += len(part)
    s3.complete_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload_id, MultipartUpload={"Parts": parts})
    return sent


class Pings(threading.Thread):
    """Milliseconds of GETs of a small object, one after another."""

    def __init__(self, s3):
        super().__init__(daemon=True)
        self.s3, self.times, self.over = s3, [], threading.Event()

    def run(self):
        while not self.over.is_set():
            started = time.monotonic()
            self.s3.get_object(Bucket=BUCKET, Key=PING)["Body"].read()
            self.times.append((time.monotonic() - started) * 1000)
            time.sleep(0.02)

    def median(self):
        self.over.set()
        self.join()
        return sorted(self.times)[len(self.times) // 2]


def select(s3, expression):
    answer = s3.select_object_content(
        Bucket=BUCKET,
        Key=KEY,
        ExpressionType="SQL",
        Expression=expression,
        InputSerialization={"CSV": {}},
        OutputSerialization={"CSV": {}},
    )
    kinds, text = set(), b""
    for event in answer["Payload"]:
        kinds.update(event)
        text += event.get("Records", {}).get("Payload", b"")
    assert "End" in kinds, kinds
    return int(text)


def filtered(s3):
    body = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"]
    lines = io.TextIOWrapper(body, encoding="utf-8", newline="")
    return sum(1 for row in csv.reader(lines) if row[2] == "Wien")


def main():
    endpoint, mib = sys.argv[1], int(sys.argv[2])
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=PING, Body=b"x" * 1000)
    size = upload(s3, mib)

    def timed(operation, work, pings):
        thread = Pings(s3)
        if pings:
            thread.start()
        print(json.dumps({"operation": operation, "event": "begin"}), flush=True)
        started = time.monotonic()
        found = work()
        row = {"operation": operation, "event": "end", "seconds": time.monotonic() - started, "sizeBytes": size}
        row["pingMs"] = thread.median() if pings else None
        print(json.dumps(row), flush=True)
        return found

    idle = Pings(s3)
    idle.start()
    time.sleep(1)
    print(json.dumps({"operation": "idle", "event": "end", "seconds": 1, "sizeBytes": 0, "pingMs": idle.median()}), flush=True)
    text = "SELECT COUNT(*) FROM S3Object s WHERE s._3 = 'Wien'"
    number = "SELECT COUNT(*) FROM S3Object s WHERE CAST(s._4 AS FLOAT) > 50"
    found = timed("select: COUNT(*) WHERE _3 = 'Wien'", lambda: select(s3, text), False)
    timed("select: COUNT(*) WHERE CAST(_4 AS FLOAT) > 50", lambda: select(s3, number), False)
    timed("select beside GETs", lambda: select(s3, text), True)
    expected = timed("get_object and csv.reader", lambda: filtered(s3), False)
    assert found == expected, (found, expected)


main()
