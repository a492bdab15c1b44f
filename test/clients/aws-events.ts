import type { Aws, Make } from "./aws.ts";
import type { Job } from "./client.ts";
import { equal, includes } from "./expect.ts";

/** Queues and topics by `aws sqs` and `aws sns`. */
export function awsEventJobs(make: Make): Job[] {
  return [
    { name: "sqs", run: (stage) => queues(make(stage)) },
    { name: "sns", run: (stage) => topics(make(stage)) },
  ];
}

async function json(aws: Aws, ...args: string[]): Promise<Record<string, unknown>> {
  const text = await aws.text(...args);
  return text.trim() === "" ? {} : JSON.parse(text);
}

interface Message {
  Body: string;
  ReceiptHandle: string;
  MessageAttributes?: Record<string, { StringValue: string }>;
}

async function receive(aws: Aws, url: string): Promise<Message> {
  const asked = ["--queue-url", url, "--wait-time-seconds", "20", "--message-attribute-names", "All"];
  const { Messages } = await json(aws, "sqs", "receive-message", ...asked);
  return (Messages as Message[])[0] as Message;
}

async function queues(aws: Aws): Promise<void> {
  const dead = (await json(aws, "sqs", "create-queue", "--queue-name", "aws-dead")).QueueUrl as string;
  const url = (await json(aws, "sqs", "create-queue", "--queue-name", "aws-jobs")).QueueUrl as string;
  includes(await aws.text("sqs", "list-queues", "--queue-name-prefix", "aws-"), "aws-jobs", "list-queues");
  const deadArn = await arnOf(aws, dead);
  const redrive = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: "1" });
  const attributes = JSON.stringify({ RedrivePolicy: redrive, VisibilityTimeout: "0" });
  await aws.run(["sqs", "set-queue-attributes", "--queue-url", url, "--attributes", attributes]);
  const author = "Author={DataType=String,StringValue=ann}";
  await aws.run(["sqs", "send-message", "--queue-url", url, "--message-body", "größe", "--message-attributes", author]);
  const first = await receive(aws, url);
  equal([first.Body, first.MessageAttributes?.Author?.StringValue], ["größe", "ann"], "the message");
  // Received once and not deleted: the next receive moves it.
  await aws.run(["sqs", "receive-message", "--queue-url", url]);
  equal((await receive(aws, dead)).Body, "größe", "the dead letter");
  const sources = await aws.text("sqs", "list-dead-letter-source-queues", "--queue-url", dead);
  includes(sources, "aws-jobs", "list-dead-letter-source-queues");
  await aws.run(["sqs", "delete-message", "--queue-url", url, "--receipt-handle", first.ReceiptHandle]);
  const refused = await aws.attempt(["sqs", "get-queue-url", "--queue-name", "aws-none"]);
  includes(refused.stderr, "NonExistentQueue", "get-queue-url of no queue");
  for (const one of [url, dead]) await aws.run(["sqs", "delete-queue", "--queue-url", one]);
}

async function arnOf(aws: Aws, url: string): Promise<string> {
  const asked = ["--queue-url", url, "--attribute-names", "QueueArn"];
  const { Attributes } = await json(aws, "sqs", "get-queue-attributes", ...asked);
  return (Attributes as { QueueArn: string }).QueueArn;
}

async function topics(aws: Aws): Promise<void> {
  const topic = (await json(aws, "sns", "create-topic", "--name", "aws-topic")).TopicArn as string;
  const url = (await json(aws, "sqs", "create-queue", "--queue-name", "aws-subscriber")).QueueUrl as string;
  const arn = await arnOf(aws, url);
  const statement = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, Resource: arn }] });
  await aws.run(["sqs", "set-queue-attributes", "--queue-url", url, "--attributes", JSON.stringify({ Policy })]);
  const to = ["--topic-arn", topic];
  await aws.run(["sns", "subscribe", ...to, "--protocol", "sqs", "--notification-endpoint", arn]);
  await aws.run(["sns", "publish", ...to, "--subject", "Subject", "--message", "größe"]);
  const document = JSON.parse((await receive(aws, url)).Body);
  equal([document.TopicArn, document.Subject, document.Message], [topic, "Subject", "größe"], "the document");
  includes(await aws.text("sns", "list-subscriptions-by-topic", ...to), arn, "list-subscriptions-by-topic");
  await aws.run(["sns", "delete-topic", ...to]);
  const refused = await aws.attempt(["sns", "publish", ...to, "--message", "m"]);
  includes(refused.stderr, "NotFound", "publish to a topic that is gone");
  await aws.run(["sqs", "delete-queue", "--queue-url", url]);
}
