import { parseArn } from "../base/arn.ts";
import type { SubscriptionRow } from "../metadata/topics/subscriptions.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import { isFifoName } from "../queues/settings.ts";

/** Limits of the service: "Amazon SNS endpoints and quotas", and the API Reference of Publish. */
export const topicLimits = {
  /** Of a message with its attributes, and of all messages of a batch together. */
  messageBytes: 262_144,
  batchEntries: 10,
  /** Of raw messages to queues. */
  rawAttributes: 10,
} as const;

/** How long a subscription waits for its confirmation. */
export const PENDING_MS = 2 * 86_400_000;

/** How a topic behaves. */
export interface TopicSettings {
  readonly isFifo: boolean;
  readonly hasContentDeduplication: boolean;
  /** Where deduplication ids count. */
  readonly deduplicationScope: "topic" | "messageGroup";
  /** 1: SHA-1, 2: SHA-256. */
  readonly signatureVersion: "1" | "2";
}

type Named = Pick<TopicRow, "region" | "accountId" | "name">;

export function topicArn({ region, accountId, name }: Named): string {
  return `arn:aws:sns:${region}:${accountId}:${name}`;
}

/** Whose topic an ARN names, whatever its region: a name is there once in an account. Null: it is no topic's. */
export function parseTopicArn(text: string): Named | null {
  const arn = parseArn(text);
  if (arn?.service !== "sns" || !/^\d{12}$/.test(arn.accountId) || !isTopicName(arn.resource)) return null;
  return { region: arn.region, accountId: arn.accountId, name: arn.resource };
}

export function subscriptionArn(topic: string, { id }: Pick<SubscriptionRow, "id">): string {
  return `${topic}:${id}`;
}

/** The topic's ARN and the id of a subscription. Null: it is no subscription's ARN. */
export function parseSubscriptionArn(text: string): { topicArn: string; id: string } | null {
  const [, topic = "", id = ""] = /^(.+):([0-9a-f-]{36})$/.exec(text) ?? [];
  return parseTopicArn(topic) === null ? null : { topicArn: topic, id };
}

export function isTopicName(name: string): boolean {
  return name.length <= 256 && /^[\w-]+(\.fifo)?$/.test(name);
}

export function settingsOf({ name, attributes }: Pick<TopicRow, "name" | "attributes">): TopicSettings {
  return {
    isFifo: isFifoName(name),
    hasContentDeduplication: attributes.ContentBasedDeduplication === "true",
    deduplicationScope: attributes.FifoThroughputScope === "MessageGroup" ? "messageGroup" : "topic",
    signatureVersion: attributes.SignatureVersion === "2" ? "2" : "1",
  };
}
