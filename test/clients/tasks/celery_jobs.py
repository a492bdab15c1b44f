"""Celery with kombu's SQS transport: a task for each file of which a bucket tells."""

import hashlib
import json
import os
import subprocess
import sys
import time
import uuid

import boto3
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, config, job, policy_for_bucket


def unique(kind):
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def queues():
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    return boto3.client("sqs", endpoint_url=ENDPOINT, region_name=REGION, config=config(), **keys)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


os.environ["CLIENTS_TASK_QUEUE"] = unique("tasks")
FILES = 12
DEADLINE_SECONDS = 60


def notified_bucket():
    """A bucket that tells a queue of what comes below `in/`: its name, and the queue's URL."""
    s3, sqs = client(), queues()
    bucket = unique("uploads")
    s3.create_bucket(Bucket=bucket)
    url = sqs.create_queue(QueueName=unique("arrived"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = policy_for_bucket(bucket, "sqs:SendMessage", arn)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    rule = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    rule["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}
    configuration = {"QueueConfigurations": [rule]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    return bucket, url


def start_tasks(url, count):
    """Has a task begun for each file of which the queue tells."""
    from uploads_app import digest

    sqs, begun = queues(), 0
    while begun < count:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10)
        for message in answer["Messages"]:
            for record in json.loads(message["Body"]).get("Records", []):
                digest.delay(record["s3"]["bucket"]["name"], record["s3"]["object"]["key"])
                begun += 1
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@job
def a_task_for_each_uploaded_file():
    s3 = client()
    bucket, url = notified_bucket()
    bodies = {f"in/{at}": os.urandom(2_000 * at) for at in range(FILES)}
    for key, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    start_tasks(url, FILES)
    options = ["--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    line = [sys.executable, "-m", "celery", "-A", "uploads_app", "worker", *options]
    with open(os.path.join(os.environ["CLIENTS_FOLDER"], "worker.log"), "w+") as log:
        worker = subprocess.Popen(line, stdout=log, stderr=subprocess.STDOUT, cwd=os.path.dirname(__file__))
        try:
            until = time.monotonic() + DEADLINE_SECONDS
            done = 0
            while done < FILES and time.monotonic() < until:
                time.sleep(0.3)
                done = s3.list_objects_v2(Bucket=bucket, Prefix="out/")["KeyCount"]
        finally:
            worker.terminate()
            worker.wait(timeout=30)
        log.seek(0)
        expect(done == FILES, f"{done} of {FILES} files are done\n{log.read()[-3000:]}")
    for key, body in bodies.items():
        result = s3.get_object(Bucket=bucket, Key=key.replace("in/", "out/"))["Body"].read().decode()
        expect(result == hashlib.sha256(body).hexdigest(), f"the digest of {key}")
    # What was acknowledged is gone.
    sqs = queues()
    tasks = sqs.get_queue_url(QueueName=os.environ["CLIENTS_TASK_QUEUE"])["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=tasks, AttributeNames=names)["Attributes"]
    expect(set(left.values()) == {"0"}, f"the queue of tasks: {left}")
