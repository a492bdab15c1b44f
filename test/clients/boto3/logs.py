"""Server access logs: from requests to a log object."""

import json
import time

from harness import job
from identities import expect, refused, service, unique


@job
def requests_become_a_log_object():
    s3, sts = service("s3"), service("sts")
    account = sts.get_caller_identity()["Account"]
    source, target = unique("logged"), unique("logs")
    for bucket in (source, target):
        s3.create_bucket(Bucket=bucket)
    enabled = {
        "TargetBucket": target,
        "TargetPrefix": "log/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}},
    }
    put = s3.put_bucket_logging
    refused("InvalidTargetBucketForLogging", put, Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{target}/log/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"},
            "StringEquals": {"aws:SourceAccount": account},
        },
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket=target, Policy=policy)
    put(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})
    expect(s3.get_bucket_logging(Bucket=source)["LoggingEnabled"] == enabled, "the configuration")
    # An isolate that has seen the bucket without a log goes by that for a minute.
    deadline, found = time.time() + 240, []
    while time.time() < deadline and not found:
        s3.put_object(Bucket=source, Key="a b.txt", Body=b"hello")
        s3.get_object(Bucket=source, Key="a b.txt")["Body"].read()
        time.sleep(5)
        found = s3.list_objects_v2(Bucket=target, Prefix="log/").get("Contents", [])
    expect(found, "a log object within minutes")
    expect(found[0]["Key"].startswith(f"log/{account}/us-east-1/{source}/20"), f"its key: {found[0]['Key']}")
    lines = s3.get_object(Bucket=target, Key=found[0]["Key"])["Body"].read().decode().splitlines()
    writes = [line for line in lines if " REST.PUT.OBJECT a%2520b.txt " in line]
    expect(writes and f'"PUT /{source}/a%20b.txt HTTP/1.1" 200 - - 5 ' in writes[0], f"a line: {lines[:1]}")
