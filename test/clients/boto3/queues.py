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
