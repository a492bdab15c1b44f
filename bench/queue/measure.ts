import { strict as assert } from "node:assert";
import { signRequest } from "../../test/support/signer.ts";
import { type Answer, BenchClient } from "../support/http-client.ts";
import type { QueueTarget } from "./targets.ts";

export interface QueueRow {
  server: string;
  operation: string;
  clients: number;
  /** Messages in one request. */
  batch: number;
  messages: number;
  messagesPerSecond: number;
  p50Ms: number;
}

type Document = Record<string, unknown>;

const BODY = "m".repeat(1024);

/** What the rows of all servers are: batches and clients. */
export const SETTINGS = [1, 10].flatMap((batch) => [1, 16].map((clients) => ({ batch, clients })));

/** One server and one setting: all messages are sent, then received, then deleted. */
export async function measureQueue(
  target: QueueTarget,
  { messages, batch, clients }: { messages: number; batch: number; clients: number },
): Promise<QueueRow[]> {
  const queueUrl = await createQueue(target, `bench-${batch}-${clients}`);
  // Single messages take longer each.
  const share = batch === 1 ? messages : 2 * messages;
  const whole = Math.floor(share / (batch * clients)) * batch * clients;
  return measureOne({ target, clients, batch, messages: whole }, queueUrl);
}

/** Receives alone, from a queue that has enough messages, in batches of ten. */
export async function measureReceives(
  target: QueueTarget,
  QueueUrl: string,
  { clients, messages, operation }: { clients: number; messages: number; operation: string },
): Promise<QueueRow> {
  return timed({ target, clients, batch: 10, messages }, operation, async (client) => {
    const answer = await call(client, target, "ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
    return ((answer.Messages ?? []) as unknown[]).length;
  });
}

export async function createQueue(target: QueueTarget, QueueName: string, more: Document = {}): Promise<string> {
  const Attributes = { VisibilityTimeout: "3600", ...more };
  const { QueueUrl } = await call(new BenchClient(), target, "CreateQueue", { QueueName, Attributes });
  return QueueUrl as string;
}

interface Setting {
  readonly target: QueueTarget;
  readonly clients: number;
  readonly batch: number;
  readonly messages: number;
}

async function measureOne(setting: Setting, QueueUrl: string): Promise<QueueRow[]> {
  const { target, batch } = setting;
  const handles: string[] = [];
  const sent = await timed(setting, "SendMessage", async (client) => {
    const entries = Array.from({ length: batch }, (_, n) => ({ Id: `${n}`, MessageBody: BODY }));
    if (batch === 1) await call(client, target, "SendMessage", { QueueUrl, MessageBody: BODY });
    else await call(client, target, "SendMessageBatch", { QueueUrl, Entries: entries });
    return batch;
  });
  const received = await timed(setting, "ReceiveMessage", async (client) => {
    const answer = await call(client, target, "ReceiveMessage", { QueueUrl, MaxNumberOfMessages: batch });
    const messages = (answer.Messages ?? []) as { ReceiptHandle: string; Body: string }[];
    for (const { ReceiptHandle, Body } of messages) {
      assert.equal(Body, BODY);
      handles.push(ReceiptHandle);
    }
    return messages.length;
  });
  assert.equal(handles.length, setting.messages, `${target.name} gave other messages than were sent`);
  const deleted = await timed(setting, "DeleteMessage", async (client) => {
    const some = handles.splice(0, batch);
    const entries = some.map((ReceiptHandle, n) => ({ Id: `${n}`, ReceiptHandle }));
    if (batch === 1) await call(client, target, "DeleteMessage", { QueueUrl, ReceiptHandle: some[0] });
    else await call(client, target, "DeleteMessageBatch", { QueueUrl, Entries: entries });
    return some.length;
  });
  return [sent, received, deleted];
}

/** All clients at once, each one request after the other, until all messages are through. `work` returns how many messages it was. */
async function timed(
  { target, clients, batch, messages }: Setting,
  operation: string,
  work: (client: BenchClient) => Promise<number>,
): Promise<QueueRow> {
  let begun = 0;
  const times: number[] = [];
  const run = async () => {
    const client = new BenchClient();
    while (begun < messages) {
      begun += batch;
      const startedMs = performance.now();
      const count = await work(client);
      times.push(performance.now() - startedMs);
      // A receive may have fewer than were asked for.
      begun -= batch - count;
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: clients }, run));
  const seconds = (performance.now() - startedMs) / 1000;
  times.sort((a, b) => a - b);
  const p50Ms = times[Math.floor(times.length / 2)] ?? 0;
  return { server: target.name, operation, clients, batch, messages, messagesPerSecond: messages / seconds, p50Ms };
}

/** How often a request is repeated that is answered 500, as SDKs do: moto's server answers some of several receives at once so. */
const REPEATS_MAX = 3;

/** One request of SQS. Anything but 200 rejects, and 500 of another server at the fourth time. */
export async function call(
  client: BenchClient,
  target: QueueTarget,
  operation: string,
  input: Document,
): Promise<Document> {
  for (let repeats = target.name === "sherd" ? 0 : REPEATS_MAX; ; repeats--) {
    const { status, text } = await callOnce(client, target, { operation, input });
    if (status === 500 && repeats > 0) continue;
    assert.equal(status, 200, `${target.name} answered ${operation} with ${status}: ${text.slice(0, 1024)}`);
    return text === "" ? {} : JSON.parse(text);
  }
}

function callOnce(
  client: BenchClient,
  target: QueueTarget,
  { operation, input }: { operation: string; input: Document },
): Promise<Answer> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${operation}` };
  const {
    method,
    url,
    headers: signed,
    body,
  } = signRequest({
    ...{ method: "POST", url: `${target.endpoint}/`, headers, body: JSON.stringify(input), service: "sqs" },
    ...{ accessKeyId: target.accessKeyId, secret: target.secretAccessKey, nowMs: Date.now() },
  });
  return client.send({ method, url, headers: signed, body });
}
