"""SQS as boto3's guide and tutorials use it: resource and client, FIFO, batches, dead letters, waiting."""

import json
import threading
import time
import uuid

import boto3
from botocore.exceptions import ClientError
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, config, job

KEYS = {
    "endpoint_url": ENDPOINT,
    "aws_access_key_id": ACCESS_KEY,
    "aws_secret_access_key": SECRET_KEY,
    "region_name": REGION,
}


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def client():
    return boto3.client("sqs", config=config(), **KEYS)


class Queue:
    """A queue that is gone at the end."""

    def __init__(self, suffix="", **attributes):
        self.name = f"boto3-{uuid.uuid4().hex[:12]}{suffix}"
        self.attributes = attributes

    def __enter__(self):
        resource = boto3.resource("sqs", config=config(), **KEYS)
        return resource.create_queue(QueueName=self.name, Attributes=self.attributes)

    def __exit__(self, *_):
        client().delete_queue(QueueUrl=client().get_queue_url(QueueName=self.name)["QueueUrl"])


@job
def queue_resource():
    with Queue(DelaySeconds="0") as made:
        sqs = boto3.resource("sqs", config=config(), **KEYS)
        queue = sqs.get_queue_by_name(QueueName=made.url.rsplit("/", 1)[1])
        expect(queue.attributes["DelaySeconds"] == "0", "the attribute that was given")
        expect(queue.url in [one.url for one in sqs.queues.filter(QueueNamePrefix="boto3-")], "it is listed")
        queue.send_message(MessageBody="boto3", MessageAttributes={"Author": {"StringValue": "Daniel", "DataType": "String"}})
        answer = queue.send_messages(
            Entries=[
                {"Id": "1", "MessageBody": "world"},
                {"Id": "2", "MessageBody": "late", "DelaySeconds": 901},
            ]
        )
        expect([one["Id"] for one in answer["Successful"]] == ["1"], f"one was sent: {answer}")
        expect(answer["Failed"][0]["Code"] == "InvalidParameterValue", f"one was not: {answer}")
        seen = {}
        for message in queue.receive_messages(MessageAttributeNames=["Author"], MaxNumberOfMessages=10):
            seen[message.body] = message.message_attributes
            message.delete()
        expect(seen["boto3"]["Author"]["StringValue"] == "Daniel", f"the attribute comes back: {seen}")
        expect(seen["world"] is None, f"the other has none: {seen}")
        expect(queue.receive_messages() == [], "all are deleted")


@job
def queue_errors():
    sqs = client()
    try:
        sqs.get_queue_url(QueueName="none")
        raise AssertionError("a queue that is not there was found")
    except sqs.exceptions.QueueDoesNotExist as error:
        expect(error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue", str(error))
    with Queue() as queue:
        try:
            sqs.delete_message(QueueUrl=queue.url, ReceiptHandle="forged")
            raise AssertionError("a forged handle was taken")
        except sqs.exceptions.ReceiptHandleIsInvalid:
            pass
        try:
            sqs.send_message_batch(QueueUrl=queue.url, Entries=[])
            raise AssertionError("an empty batch was taken")
        except sqs.exceptions.EmptyBatchRequest:
            pass
        sqs.purge_queue(QueueUrl=queue.url)
        try:
            sqs.purge_queue(QueueUrl=queue.url)
            raise AssertionError("a second purge was taken")
        except sqs.exceptions.PurgeQueueInProgress:
            pass


@job
def queue_fifo():
    with Queue(".fifo", FifoQueue="true", ContentBasedDeduplication="true") as queue:
        numbers = [queue.send_message(MessageBody=body, MessageGroupId="g")["SequenceNumber"] for body in ["1", "2", "2", "3"]]
        expect(numbers[1] == numbers[2] and sorted(numbers) == numbers, f"sequence numbers: {numbers}")
        first = queue.receive_messages(AttributeNames=["All"])[0]
        expect(first.body == "1" and first.attributes["MessageGroupId"] == "g", f"the first: {first.attributes}")
        expect(queue.receive_messages() == [], "the group waits for the first")
        first.delete()
        expect([one.body for one in queue.receive_messages(MaxNumberOfMessages=10)] == ["2", "3"], "the rest, in order")


@job
def queue_dead_letters():
    sqs = client()
    with Queue() as dead:
        policy = {"deadLetterTargetArn": dead.attributes["QueueArn"], "maxReceiveCount": 1}
        with Queue(RedrivePolicy=json.dumps(policy), VisibilityTimeout="0") as queue:
            expect([one.url for one in dead.dead_letter_source_queues.all()] == [queue.url], "its source")
            queue.send_message(MessageBody="poison")
            expect(len(queue.receive_messages()) == 1, "received once")
            expect(queue.receive_messages() == [], "and not again")
            message = dead.receive_messages(AttributeNames=["All"], VisibilityTimeout=0)[0]
            expect(message.attributes["DeadLetterQueueSourceArn"] == queue.attributes["QueueArn"], "where it came from")
            arn = dead.attributes["QueueArn"]
            sqs.start_message_move_task(SourceArn=arn)
            task = sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]
            expect(task["Status"] == "COMPLETED" and task["ApproximateNumberOfMessagesMoved"] == 1, f"the move: {task}")
            expect([one.body for one in queue.receive_messages()] == ["poison"], "it is back")


@job
def queue_waiting():
    with Queue(ReceiveMessageWaitTimeSeconds="10") as queue:
        sent = []

        def send_later():
            time.sleep(1)
            client().send_message(QueueUrl=queue.url, MessageBody="later")
            sent.append(time.monotonic())

        thread = threading.Thread(target=send_later)
        thread.start()
        messages = queue.receive_messages()
        received = time.monotonic()
        thread.join()
        expect([one.body for one in messages] == ["later"], f"the message that was waited for: {messages}")
        expect(received - sent[0] < 5, "long before the wait was over")


@job
def queue_access():
    sqs = client()
    with Queue() as queue:
        queue.add_permission(Label="other", AWSAccountIds=["222222222222"], Actions=["SendMessage"])
        policy = json.loads(sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["Policy"])["Attributes"]["Policy"])
        expect(policy["Statement"][0]["Sid"] == "other", f"the policy: {policy}")
        queue.remove_permission(Label="other")
        sqs.tag_queue(QueueUrl=queue.url, Tags={"team": "red"})
        expect(sqs.list_queue_tags(QueueUrl=queue.url)["Tags"] == {"team": "red"}, "its tags")
        wrong = boto3.client("sqs", config=config(), **{**KEYS, "aws_secret_access_key": "wrong"})
        try:
            wrong.receive_message(QueueUrl=queue.url)
            raise AssertionError("a wrong secret was taken")
        except ClientError as error:
            expect(error.response["Error"]["Code"] == "SignatureDoesNotMatch", str(error))


@job
def queue_with_a_kms_key():
    sqs, kms = client(), boto3.client("kms", config=config(), **KEYS)
    key = kms.create_key()["KeyMetadata"]
    with Queue(KmsMasterKeyId=key["KeyId"], KmsDataKeyReusePeriodSeconds="60") as queue:
        expect(queue.attributes["SqsManagedSseEnabled"] == "false", f"one encryption: {queue.attributes}")
        queue.send_message(MessageBody="first")
        kms.disable_key(KeyId=key["KeyId"])
        for refused in (
            lambda: sqs.send_message(QueueUrl=queue.url, MessageBody="refused"),
            lambda: sqs.receive_message(QueueUrl=queue.url),
        ):
            try:
                refused()
                raise AssertionError("a disabled key was used")
            except sqs.exceptions.KmsDisabled as error:
                expect(error.response["Error"]["Code"] == "KMS.DisabledException", str(error.response))
        kms.enable_key(KeyId=key["KeyId"])
        expect([one.body for one in queue.receive_messages()] == ["first"], "the message that was sent before")
        sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"KmsMasterKeyId": "alias/none"})
        try:
            queue.send_message(MessageBody="refused")
            raise AssertionError("a key that is not there was used")
        except sqs.exceptions.KmsNotFound:
            pass
        sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
        queue.send_message(MessageBody="second")
        expect([one.body for one in queue.receive_messages()] == ["second"], "under alias/aws/sqs")


@job
def events_in_a_queue_with_a_kms_key():
    s3, kms = boto3.client("s3", config=config(), **KEYS), boto3.client("kms", config=config(), **KEYS)
    account = boto3.client("sts", config=config(), **KEYS).get_caller_identity()["Account"]
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    bucket = f"boto3-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    source = {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}}

    def policy(*statements):
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    def let_in(action):
        return {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": action, "Resource": "*", "Condition": source}

    with Queue(KmsMasterKeyId=key) as queue:
        arn = queue.attributes["QueueArn"]
        queue.set_attributes(Attributes={"Policy": policy({**let_in("sqs:SendMessage"), "Resource": arn})})
        rules = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
        try:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=rules)
            raise AssertionError("a queue was taken whose key does not let S3 in")
        except ClientError as error:
            expect(error.response["Error"]["Code"] == "InvalidArgument", str(error))
        admin = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
        kms.put_key_policy(KeyId=key, Policy=policy(admin, let_in(["kms:GenerateDataKey", "kms:Decrypt"])))
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=rules)
        s3.put_object(Bucket=bucket, Key="told", Body=b"x")
        seen, until = [], time.monotonic() + 30
        while "told" not in seen and time.monotonic() < until:
            for message in queue.receive_messages(WaitTimeSeconds=5):
                seen += [one["s3"]["object"]["key"] for one in json.loads(message.body).get("Records", [])]
                message.delete()
        expect("told" in seen, f"the event: {seen}")
    s3.delete_object(Bucket=bucket, Key="told")
    s3.delete_bucket(Bucket=bucket)
