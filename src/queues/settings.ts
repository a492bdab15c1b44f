import { parseArn } from "../base/arn.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import { RETENTION_DEFAULT_SECONDS } from "../metadata/queues/upkeep.ts";

/** Attributes of a queue as they are set: all but the counts, times and ARN, which follow from elsewhere. */
const ATTRIBUTE_DEFAULTS = {
  VisibilityTimeout: "30",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: `${RETENTION_DEFAULT_SECONDS}`,
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
  SqsManagedSseEnabled: "true",
} as const;

/** The same, of FIFO queues only. */
const FIFO_DEFAULTS = {
  FifoQueue: "true",
  ContentBasedDeduplication: "false",
  DeduplicationScope: "queue",
  FifoThroughputLimit: "perQueue",
} as const;

/** The same, of queues with a key of the KMS. */
const KMS_DEFAULTS = { KmsDataKeyReusePeriodSeconds: "300", SqsManagedSseEnabled: "false" } as const;

/** Limits of the service: "Amazon SQS quotas" in the SQS Developer Guide. */
export const queueLimits = {
  messageBytes: 1_048_576,
  inFlight: 120_000,
  batchEntries: 10,
  /** From the receive on, however often it is prolonged. */
  visibilitySeconds: 43_200,
} as const;

/** How a queue behaves. */
export interface QueueSettings {
  readonly isFifo: boolean;
  readonly visibilitySeconds: number;
  readonly messageBytesMax: number;
  readonly retentionSeconds: number;
  readonly delaySeconds: number;
  readonly waitSeconds: number;
  /** Whether messages are encrypted under the server's root secret. */
  readonly isSealed: boolean;
  /** The key of the KMS that messages are encrypted with instead, as it was named; null: none. */
  readonly kmsKeyId: string | null;
  /** For how long one sender's messages have the same data key. */
  readonly keyReuseSeconds: number;
  readonly hasContentDeduplication: boolean;
  readonly deduplicationScope: "queue" | "messageGroup";
  /** Null: messages are received however often. */
  readonly redrive: { readonly deadLetterArn: string; readonly receivesMax: number } | null;
}

/** Whether MessageGroupId or MessageDeduplicationId may be so, of messages to queues and topics. */
export function isOrderingId(text: string): boolean {
  return /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/.test(text);
}

/** Whether the name of a queue or topic says that it keeps an order. */
export function isFifoName(name: string): boolean {
  return name.endsWith(".fifo");
}

/** All attributes that can be set, by their names, with the defaults of those that were not. */
export function allAttributes({ name, attributes }: Pick<QueueRow, "name" | "attributes">): Record<string, string> {
  const isKms = attributes.KmsMasterKeyId !== undefined;
  return { ...ATTRIBUTE_DEFAULTS, ...(isFifoName(name) && FIFO_DEFAULTS), ...(isKms && KMS_DEFAULTS), ...attributes };
}

export function settingsOf(queue: Pick<QueueRow, "name" | "attributes">): QueueSettings {
  const all = allAttributes(queue);
  return {
    isFifo: isFifoName(queue.name),
    visibilitySeconds: Number(all.VisibilityTimeout),
    messageBytesMax: Number(all.MaximumMessageSize),
    retentionSeconds: Number(all.MessageRetentionPeriod),
    delaySeconds: Number(all.DelaySeconds),
    waitSeconds: Number(all.ReceiveMessageWaitTimeSeconds),
    isSealed: all.SqsManagedSseEnabled === "true",
    kmsKeyId: all.KmsMasterKeyId ?? null,
    keyReuseSeconds: Number(all.KmsDataKeyReusePeriodSeconds ?? KMS_DEFAULTS.KmsDataKeyReusePeriodSeconds),
    hasContentDeduplication: all.ContentBasedDeduplication === "true",
    deduplicationScope: all.DeduplicationScope === "messageGroup" ? "messageGroup" : "queue",
    redrive: redriveOf(all.RedrivePolicy),
  };
}

/** A RedrivePolicy as it is stored, which was checked before. */
function redriveOf(text: string | undefined): QueueSettings["redrive"] {
  if (text === undefined) return null;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as Record<string, unknown>;
  return { deadLetterArn: `${deadLetterTargetArn}`, receivesMax: Number(maxReceiveCount) };
}

export function queueArn({ region, accountId, name }: Pick<QueueRow, "region" | "accountId" | "name">): string {
  return `arn:aws:sqs:${region}:${accountId}:${name}`;
}

/** Whose queue an ARN names, whatever its region: a name is there once in an account. Null: it is no queue's. */
export function parseQueueArn(text: string): { accountId: string; name: string } | null {
  const arn = parseArn(text);
  if (arn?.service !== "sqs" || !/^\d{12}$/.test(arn.accountId) || !isQueueName(arn.resource)) return null;
  return { accountId: arn.accountId, name: arn.resource };
}

export function isQueueName(name: string): boolean {
  return name.length <= 80 && /^[\w-]+(\.fifo)?$/.test(name);
}
