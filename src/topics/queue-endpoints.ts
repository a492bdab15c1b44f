import { serviceMay } from "../auth/policy/service-may.ts";
import type { Statement } from "../metadata/database.ts";
import type { QueueRow, QueueTable } from "../metadata/queues/queues.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import { type OutgoingMessage, sendInBatch } from "../queues/send.ts";
import { parseQueueArn, queueArn } from "../queues/settings.ts";
import { digestOf } from "./publish.ts";
import { isFifoTopic, topicArn } from "./settings.ts";
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

/**
 * Why a topic may not send to a queue; null: it may. The queue's policy decides, which must name the service `sns.amazonaws.com`.
 *
 * Follows "Subscribing an Amazon SQS queue to an Amazon SNS topic" in the SNS Developer Guide.
 */
export function queueProblem(queue: QueueRow | undefined, topic: TopicRow, nowMs: number): string | null {
  if (queue === undefined) return "the queue does not exist";
  const source = { arn: topicArn(topic), accountId: topic.accountId };
  const isAllowed = serviceMay({
    ...{ service: "sns.amazonaws.com", action: "sqs:SendMessage", resource: queueArn(queue), source, nowMs },
    ...{ resourceAccountId: queue.accountId, policy: queue.attributes.Policy },
  });
  return isAllowed ? null : "the policy of the queue does not allow the topic to send";
}

/** Sends messages to a queue in a batch. A FIFO queue gets the ids of a FIFO topic's messages; one of a standard topic makes its own. */
export function postToQueue(
  context: Pick<DeliveryContext, "sealer" | "random" | "clock" | "arrivals">,
  queue: QueueRow,
  messages: readonly QueueMessage[],
): QueuePost {
  const isFifo = isFifoTopic(queue.name);
  return sendInBatch(
    context,
    queue,
    messages.map((message) => ({
      ...{ ...message, trace: null, sender: "sns.amazonaws.com" },
      groupId: message.groupId ?? (isFifo ? "sns" : null),
      deduplicationId: isFifo ? (message.deduplicationId ?? digestOf(message.body)) : null,
    })),
  );
}
