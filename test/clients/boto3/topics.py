"""SNS: topics, queues that subscribe to them, webhooks, and what buckets publish."""

import json
import queue
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.exceptions import ClientError
from harness import OWN_SERVER, Skip, job, policy_for_bucket
from identities import expect, refused, service, unique


def subscribed_queue(topic, **attributes):
    """A queue that lets the topic send, subscribed to it: its URL."""
    sqs, sns = service("sqs"), service("sns")
    url = sqs.create_queue(QueueName=unique("subscriber"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url


def received(url, count=1):
    sqs, bodies = service("sqs"), []
    while len(bodies) < count:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"])
        for message in answer["Messages"]:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message)
    return bodies


class Receiver:
    """A webhook on this machine."""

    def __enter__(self):
        self.calls = queue.Queue()
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                calls.put((dict(self.headers), body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def next(self):
        headers, body = self.calls.get(timeout=30)
        return {name.lower(): value for name, value in headers.items()}, body


@job
def a_queue_gets_what_is_published():
    sns = service("sns")
    topic = sns.create_topic(Name=unique("topic"), Tags=[{"Key": "team", "Value": "a"}])["TopicArn"]
    all_messages, red, raw = (
        subscribed_queue(topic, **attributes)
        for attributes in ({}, {"FilterPolicy": json.dumps({"color": ["red"]})}, {"RawMessageDelivery": "true"})
    )
    color = {"color": {"DataType": "String", "StringValue": "red"}}
    first = sns.publish(TopicArn=topic, Message="plain", Subject="Subject")["MessageId"]
    sns.publish(TopicArn=topic, Message="red", MessageAttributes=color)
    # A standard topic promises no order.
    documents = {one["Message"]: one for one in (json.loads(message["Body"]) for message in received(all_messages, 2))}
    expect(sorted(documents) == ["plain", "red"], "both messages")
    expect(documents["plain"]["MessageId"] == first and documents["plain"]["Subject"] == "Subject", "the first message")
    expect([json.loads(one["Body"])["Message"] for one in received(red)] == ["red"], "the filter")
    attributes = {one["Body"]: one.get("MessageAttributes") for one in received(raw, 2)}
    expect(attributes == {"plain": None, "red": color}, f"raw messages and their attributes: {attributes}")
    entries = [{"Id": str(at), "Message": f"m{at}"} for at in range(10)]
    expect(len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]) == 10, "a batch")
    refused("NotFound", sns.publish, TopicArn=topic + "x", Message="m")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    expect(len([one for page in pages for one in page["Subscriptions"]]) == 3, "the subscriptions")
    sns.delete_topic(TopicArn=topic)


@job
def a_fifo_topic_keeps_the_order():
    sns, sqs = service("sns"), service("sqs")
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name=unique("topic") + ".fifo", Attributes=attributes)["TopicArn"]
    url = sqs.create_queue(QueueName=unique("ordered") + ".fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    for message in ["a", "b", "a", "c"]:
        sns.publish(TopicArn=topic, Message=message, MessageGroupId="g")
    bodies = []
    while len(bodies) < 3:
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10)["Messages"]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        bodies += [message["Body"] for message in messages]
    expect(bodies == ["a", "b", "c"], f"the order: {bodies}")


@job
def a_bucket_publishes_to_a_topic():
    sns, s3 = service("sns"), service("s3")
    bucket = unique("watched")
    s3.create_bucket(Bucket=bucket)
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    url = subscribed_queue(topic)
    rule = {"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}
    put = s3.put_bucket_notification_configuration
    configuration = {"TopicConfigurations": [rule]}
    refused("InvalidArgument", put, Bucket=bucket, NotificationConfiguration=configuration)
    policy = policy_for_bucket(bucket, "sns:Publish", topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    put(Bucket=bucket, NotificationConfiguration=configuration)
    document = json.loads(received(url)[0]["Body"])
    expect(json.loads(document["Message"])["Event"] == "s3:TestEvent", "the test message")
    s3.put_object(Bucket=bucket, Key="cat.jpg", Body=b"meow")
    document = json.loads(received(url)[0]["Body"])
    expect(document["Subject"] == "Amazon S3 Notification", "the subject")
    record = json.loads(document["Message"])["Records"][0]
    expect((record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "cat.jpg"), "the event")


@job
def a_webhook_confirms_and_is_called():
    sns = service("sns")
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    with Receiver() as receiver:
        try:
            answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url)
        except ClientError as error:
            if "private address" in str(error) and not OWN_SERVER:
                raise Skip("the server was started without SHERD_WEBHOOK_PRIVATE=1") from None
            raise
        expect(answer["SubscriptionArn"] == "pending confirmation", "the wait")
        headers, body = receiver.next()
        expect(headers["x-amz-sns-message-type"] == "SubscriptionConfirmation", "the kind of the first message")
        document = json.loads(body)
        # As AWS's guide does it: whoever has the document visits its URL.
        urllib.request.urlopen(document["SubscribeURL"]).read()
        sns.publish(TopicArn=topic, Message="hello")
        headers, body = receiver.next()
        expect(headers["x-amz-sns-message-type"] == "Notification", "the kind")
        document = json.loads(body)
        expect(document["Message"] == "hello", "the message")
        certificate = urllib.request.urlopen(document["SigningCertURL"]).read()
        expect(certificate.startswith(b"-----BEGIN CERTIFICATE-----"), "the certificate")
        urllib.request.urlopen(document["UnsubscribeURL"]).read()
        headers, body = receiver.next()
        expect(headers["x-amz-sns-message-type"] == "UnsubscribeConfirmation", "the end")
