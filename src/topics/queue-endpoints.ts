import { Buffer } from "node:buffer";
import { serviceMay } from "../auth/policy/service-may.ts";
import type { Statement } from "../metadata/database.ts";
import type { QueueRow, QueueTable } from "../metadata/queues/queues.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import { contentBytes, encodeContent } from "../queues/content.ts";
import type { MessageKey } from "../queues/message-keys.ts";
import { type OutgoingMessage, sendInBatch } from "../queues/send.ts";
import { serviceKey } from "../queues/service-keys.ts";
import { isFifoName, parseQueueArn, queueArn, queueLimits } from "../queues/settings.ts";
import { DataKeyRefused, isKmsUnavailable } from "../sealing/data-keys.ts";
import { digestOf } from "./publish.ts";
import { topicArn } from "./settings.ts";
import type { DeliveryContext } from "./topic-context.ts";

/** What is sent to a queue: a document, or a raw message with its attributes. */
export type QueueMessage = Pick<OutgoingMessage, "body" | "attributes" | "groupId" | "deduplicationId">;

/** Messages for queues, as statements of one batch; `committed` is to be called once it is applied. */
export interface QueuePost {
  readonly statements: Statement[];
  committed(): void;
}

/** Queues by their ARNs, as far as they are there. One D1 round trip, none for no ARN. */
export async function findQueues(
  table: Pick<QueueTable, "findAll">,
  arns: readonly string[],
): Promise<ReadonlyMap<string, QueueRow>> {
  const names = [...new Set(arns)].flatMap((arn) => {
    const name = parseQueueArn(arn);
    return name === null ? [] : [[name.accountId, name.name] as const];
  });
  const rows = names.length === 0 ? [] : await table.findAll(names);
  return new Map(rows.map((row) => [queueArn(row), row]));
}

/** A queue that a topic may send to. */
export interface OpenedQueue {
  readonly queue: QueueRow;
  /** What its messages are encrypted with. */
  readonly key: MessageKey | null;
  /** Fail the batch if the key may be used no longer. */
  readonly statements: readonly Statement[];
}

/**
 * The queue, if the topic may send to it, or why not. The queue's policy decides, which must name the service `sns.amazonaws.com`, and that of its key
 * if it is encrypted with one of the KMS. A D1 round trip in that case. `unavailable`: the KMS cannot be reached, and nothing is decided.
 *
 * Follows "Subscribing an Amazon SQS queue to an Amazon SNS topic" and "Setting up Amazon SNS topic encryption with encrypted Amazon SQS queue
 * subscriptions" in the SNS Developer Guide.
 */
export async function openQueue(
  { clock, keysOfService }: Pick<DeliveryContext, "clock" | "keysOfService">,
  queue: QueueRow | undefined,
  topic: TopicRow,
): Promise<OpenedQueue | { readonly problem: string } | "unavailable"> {
  if (queue === undefined) return { problem: "the queue does not exist" };
  const nowMs = clock.now();
  const source = { arn: topicArn(topic), accountId: topic.accountId };
  const isAllowed = serviceMay({
    ...{ service: "sns.amazonaws.com", action: "sqs:SendMessage", resource: queueArn(queue), source, nowMs },
    ...{ resourceAccountId: queue.accountId, policy: queue.attributes.Policy },
  });
  if (!isAllowed) return { problem: "the policy of the queue does not allow the topic to send" };
  try {
    return { queue, ...(await serviceKey(keysOfService, queue, { service: "sns.amazonaws.com", source })) };
  } catch (error) {
    if (isKmsUnavailable(error)) return "unavailable";
    if (!(error instanceof DataKeyRefused)) throw error;
    return { problem: `the key of the queue does not allow the topic to send (${error.failure.kind})` };
  }
}

/** Of all messages in one statement: they are one parameter, and D1 takes 2,000,000 bytes. */
const POST_BYTES = 1_900_000;
/** What a message takes in a statement besides its content. */
const ROW_BYTES = 1_024;

/** Whether a message is above what any queue takes: body and attributes together, as SQS counts them. */
export function isTooLarge(message: Pick<QueueMessage, "body" | "attributes">): boolean {
  return contentBytes(message) > queueLimits.messageBytes;
}

/** The bytes of a message in a statement, encrypted or not. None that `isTooLarge` lets through has more than `POST_BYTES`. */
export function encodedBytes(message: QueueMessage): number {
  const text = encodeContent({ ...message, trace: null });
  // Encrypted: base64. Otherwise: JSON, which escapes.
  const bytes = Math.max(Math.ceil(Buffer.byteLength(text) / 3) * 4, Buffer.byteLength(JSON.stringify(text)));
  return bytes + ROW_BYTES;
}

/** The same messages in as many posts as their encoded bytes need, in their order. */
export function postsToQueue(
  context: Parameters<typeof postToQueue>[0],
  opened: OpenedQueue,
  messages: readonly QueueMessage[],
): QueuePost[] {
  const posts: QueueMessage[][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = encodedBytes(message);
    if (bytes > room) {
      posts.push([]);
      room = POST_BYTES;
    }
    posts.at(-1)?.push(message);
    room -= bytes;
  }
  return posts.map((some) => postToQueue(context, opened, some));
}

/** Sends messages to a queue in a batch. A FIFO queue gets the ids of a FIFO topic's messages; one of a standard topic makes its own. */
function postToQueue(
  context: Pick<DeliveryContext, "sealer" | "random" | "clock" | "arrivals">,
  { queue, key, statements }: OpenedQueue,
  some: readonly QueueMessage[],
): QueuePost {
  const isFifo = isFifoName(queue.name);
  const messages = some.map((message) => ({
    ...{ ...message, trace: null, sender: "sns.amazonaws.com" },
    groupId: message.groupId ?? (isFifo ? "sns" : null),
    deduplicationId: isFifo ? (message.deduplicationId ?? digestOf(message.body)) : null,
  }));
  const sent = sendInBatch(context, queue, { messages, key });
  return { ...sent, statements: [...statements, ...sent.statements] };
}
