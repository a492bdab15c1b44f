import { createHash } from "node:crypto";
import type { NewFifoPublication } from "../metadata/topics/publications.ts";
import { type NewPublication, publishStatements } from "../metadata/topics/publishing.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import { newMessageId, sequenceText } from "../queues/ids.ts";
import { encodePublication, type Publication } from "./content.ts";
import { settingsOf } from "./settings.ts";
import type { PublishContext } from "./topic-context.ts";

export interface Published {
  /** Of an earlier message, if this one was a duplicate of it. */
  readonly messageId: string;
  /** 20 digits; null in a standard topic. */
  readonly sequence: string | null;
}

/**
 * Publishes to a topic, all of the messages or none, in one D1 batch. Once this resolves they outlive any crash and reach every
 * subscription that is there then; if it rejects they may be published all the same. Throws `GuardError` topic_changed unless the topic
 * is still as `topic` says.
 */
export async function publishMessages(
  context: PublishContext,
  topic: TopicRow,
  messages: readonly Publication[],
): Promise<Published[]> {
  const { tables, clock } = context;
  const nowMs = clock.now();
  const rows = messages.map((message) => sealPublication(context, message, nowMs));
  if (!settingsOf(topic).isFifo) {
    await tables.publications.publish(topic, rows);
    return rows.map(({ messageId }) => ({ messageId, sequence: null }));
  }
  const fifo = rows.map(
    (row, index): NewFifoPublication => ({ ...row, ...fifoParts(topic, messages[index] as Publication) }),
  );
  const sent = await tables.publications.publishFifo(topic, fifo, nowMs);
  return sent.map(({ messageId, sequence }) => ({ messageId, sequence: sequenceText(sequence) }));
}

/** Publishes to a standard topic as part of any batch of the first database, which fails with topic_changed as above. */
export function publishInBatch(
  context: Omit<PublishContext, "tables">,
  topic: TopicRow,
  messages: readonly Publication[],
): ReturnType<typeof publishStatements> {
  const nowMs = context.clock.now();
  return publishStatements(
    topic,
    messages.map((message) => sealPublication(context, message, nowMs)),
  );
}

/** The row of a publication: encrypted, under a fresh id. */
export function sealPublication(
  { sealer, random }: Pick<PublishContext, "sealer" | "random">,
  message: Publication,
  atMs: number,
): NewPublication {
  const messageId = newMessageId(random);
  return {
    messageId,
    atMs,
    sealedAs: messageId,
    content: sealer.seal("topic-message", messageId, encodePublication(message)),
  };
}

function fifoParts(topic: TopicRow, { message, groupId, deduplicationId }: Publication) {
  const scope = settingsOf(topic).deduplicationScope === "messageGroup" ? `${groupId}` : "";
  return { scope, deduplicationKey: deduplicationId ?? digestOf(message) };
}

/** The deduplication id of a message that has none: the SHA-256 of its body. */
export function digestOf(message: string): string {
  return createHash("sha256").update(message, "utf8").digest("hex");
}
