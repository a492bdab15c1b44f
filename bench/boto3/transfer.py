"""Uploads and downloads one file with boto3's defaults. Arguments: endpoint, folder, and "verify" to compare what came back.
Prints a JSON line before and after each transfer.

Seconds of the wall, and of this process's CPU: boto3 hashes, frames and sends in threads of one interpreter.
"""

import json
import os
import resource
import sys
import time

import boto3

BUCKET, KEY = "boto3-bench", "file"


def usage():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(operation, transfer):
    print(json.dumps({"operation": operation, "event": "begin"}), flush=True)
    started, used = time.monotonic(), usage()
    transfer()
    seconds = time.monotonic() - started
    row = {"operation": operation, "event": "end", "seconds": seconds, "clientCpuSeconds": usage() - used}
    print(json.dumps(row), flush=True)


def same(one, other):
    with open(one, "rb") as first, open(other, "rb") as second:
        while True:
            piece = first.read(1 << 20)
            if piece != second.read(1 << 20):
                return False
            if not piece:
                return True


def main():
    endpoint, folder = sys.argv[1:3]
    sent, got = os.path.join(folder, "sent"), os.path.join(folder, "got")
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket=BUCKET)
    timed("upload_file", lambda: s3.upload_file(sent, BUCKET, KEY))
    timed("download_file", lambda: s3.download_file(BUCKET, KEY, got))
    if sys.argv[3:] == ["verify"] and not same(sent, got):
        sys.exit("what came back is not what was sent")


main()
