"""Event notifications: from a change of an object to a queue's message."""

import json

from harness import job, policy_for_bucket
from identities import expect, refused, service, unique


@job
def a_queue_is_told_of_objects():
    s3, sqs = service("s3"), service("sqs")
    bucket = unique("watched")
    s3.create_bucket(Bucket=bucket)
    queue = sqs.create_queue(QueueName=unique("news"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = {
        "Id": "rule",
        "QueueArn": arn,
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }
    configuration = {"QueueConfigurations": [rule]}
    put = s3.put_bucket_notification_configuration
    refused("InvalidArgument", put, Bucket=bucket, NotificationConfiguration=configuration)
    policy = policy_for_bucket(bucket, "sqs:SendMessage", arn)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    put(Bucket=bucket, NotificationConfiguration=configuration)
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    expect(found["QueueConfigurations"][0]["QueueArn"] == arn, "the configuration")

    def received():
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, MaxNumberOfMessages=1)
        message = answer["Messages"][0]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])

    expect(received()["Event"] == "s3:TestEvent", "the test message")
    s3.put_object(Bucket=bucket, Key="out/unheard", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/a b", Body=b"four")
    s3.copy_object(Bucket=bucket, Key="in/copy", CopySource=f"{bucket}/out/unheard")
    s3.delete_object(Bucket=bucket, Key="in/copy")
    records = [received()["Records"][0] for _ in range(3)]
    told = [(record["eventName"], record["s3"]["object"]["key"]) for record in records]
    expected = [("ObjectCreated:Put", "in/a+b"), ("ObjectCreated:Copy", "in/copy"), ("ObjectRemoved:Delete", "in/copy")]
    expect(told == expected, f"told of {told}")
    order = [record["s3"]["object"]["sequencer"] for record in records]
    expect(order == sorted(order), "the order of sequencers")
    expect(records[0]["s3"]["object"]["size"] == 4, "the size")
