import type { AwsClient } from "./client.ts";

/** AWS JSON of Amazon SQS. */
async function ask<Answer>(client: AwsClient, action: string, input: unknown): Promise<Answer> {
  return client.json<Answer>("sqs", `AmazonSQS.${action}`, input);
}

export interface Queue {
  url: string;
  name: string;
  isFifo: boolean;
}

export function queueOf(url: string): Queue {
  const name = decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
  return { url, name, isFifo: name.endsWith(".fifo") };
}

export async function listQueues(client: AwsClient): Promise<Queue[]> {
  const queues: Queue[] = [];
  let token: string | undefined;
  do {
    const input = { MaxResults: 1000, ...(token === undefined ? {} : { NextToken: token }) };
    const page = await ask<{ QueueUrls?: string[]; NextToken?: string }>(client, "ListQueues", input);
    queues.push(...(page.QueueUrls ?? []).map(queueOf));
    token = page.NextToken;
  } while (token !== undefined);
  return queues;
}

/** Numbers are as text, as SQS writes them. */
export type Attributes = Readonly<Record<string, string>>;

export async function queueAttributes(client: AwsClient, url: string): Promise<Attributes> {
  const input = { QueueUrl: url, AttributeNames: ["All"] };
  return (await ask<{ Attributes?: Attributes }>(client, "GetQueueAttributes", input)).Attributes ?? {};
}

export async function setQueueAttributes(client: AwsClient, url: string, attributes: Attributes): Promise<void> {
  await ask(client, "SetQueueAttributes", { QueueUrl: url, Attributes: attributes });
}

export async function createQueue(client: AwsClient, name: string, attributes: Attributes): Promise<Queue> {
  const { QueueUrl } = await ask<{ QueueUrl: string }>(client, "CreateQueue", {
    QueueName: name,
    Attributes: attributes,
  });
  return queueOf(QueueUrl);
}

export async function deleteQueue(client: AwsClient, url: string): Promise<void> {
  await ask(client, "DeleteQueue", { QueueUrl: url });
}

export async function purgeQueue(client: AwsClient, url: string): Promise<void> {
  await ask(client, "PurgeQueue", { QueueUrl: url });
}

export interface Message {
  id: string;
  receipt: string;
  body: string;
  sentMs: number;
  receiveCount: number;
}

interface WireMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes?: Record<string, string>;
}

/** Receives up to ten messages and hides them from other receivers for so long; nothing is deleted. */
export async function peek(client: AwsClient, url: string, hiddenSeconds: number): Promise<Message[]> {
  const input = {
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: hiddenSeconds,
    MessageSystemAttributeNames: ["All"],
  };
  const { Messages = [] } = await ask<{ Messages?: WireMessage[] }>(client, "ReceiveMessage", input);
  return Messages.map(({ MessageId, ReceiptHandle, Body, Attributes: attributes = {} }) => ({
    id: MessageId,
    receipt: ReceiptHandle,
    body: Body,
    sentMs: Number(attributes.SentTimestamp),
    receiveCount: Number(attributes.ApproximateReceiveCount),
  }));
}

export async function deleteMessage(client: AwsClient, url: string, receipt: string): Promise<void> {
  await ask(client, "DeleteMessage", { QueueUrl: url, ReceiptHandle: receipt });
}

/** `group` of a FIFO queue; one that takes no duplicates by content needs an id of its own. */
export async function sendMessage(
  client: AwsClient,
  url: string,
  message: { body: string; group?: string },
): Promise<void> {
  const { body, group } = message;
  const fifo = group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: crypto.randomUUID() };
  await ask(client, "SendMessage", { QueueUrl: url, MessageBody: body, ...fifo });
}

export interface MoveTask {
  handle: string | null;
  status: string;
  moved: number;
  toMove: number | null;
  failure: string | null;
  startedMs: number;
}

/** Back to the queues that the messages came from. */
export async function startMove(client: AwsClient, arn: string): Promise<void> {
  await ask(client, "StartMessageMoveTask", { SourceArn: arn });
}

export async function cancelMove(client: AwsClient, handle: string): Promise<void> {
  await ask(client, "CancelMessageMoveTask", { TaskHandle: handle });
}

interface WireMoveTask {
  TaskHandle?: string;
  Status: string;
  ApproximateNumberOfMessagesMoved?: number;
  ApproximateNumberOfMessagesToMove?: number;
  FailureReason?: string;
  StartedTimestamp: number;
}

/** The newest first. */
export async function moveTasks(client: AwsClient, arn: string): Promise<MoveTask[]> {
  const input = { SourceArn: arn, MaxResults: 10 };
  const { Results = [] } = await ask<{ Results?: WireMoveTask[] }>(client, "ListMessageMoveTasks", input);
  return Results.map((task) => ({
    handle: task.TaskHandle ?? null,
    status: task.Status,
    moved: task.ApproximateNumberOfMessagesMoved ?? 0,
    toMove: task.ApproximateNumberOfMessagesToMove ?? null,
    failure: task.FailureReason ?? null,
    startedMs: task.StartedTimestamp,
  }));
}

/** Queues whose dead letters come to this one. */
export async function deadLetterSources(client: AwsClient, url: string): Promise<Queue[]> {
  const { queueUrls = [] } = await ask<{ queueUrls?: string[] }>(client, "ListDeadLetterSourceQueues", {
    QueueUrl: url,
  });
  return queueUrls.map(queueOf);
}
