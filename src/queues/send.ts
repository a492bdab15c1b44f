import { createHash } from "node:crypto";
import type { Statement } from "../metadata/database.ts";
import { insertFifoMessages, type NewFifoMessage } from "../metadata/queues/fifo-messages.ts";
import type { NewMessage } from "../metadata/queues/message-rows.ts";
import { insertMessages } from "../metadata/queues/messages.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import { sealText } from "../sealing/text-cipher.ts";
import { type Content, encodeContent } from "./content.ts";
import { newMessageId } from "./ids.ts";
import { type MessageKey, messageKey } from "./message-keys.ts";
import type { QueueContext } from "./queue-context.ts";
import { settingsOf } from "./settings.ts";

export interface OutgoingMessage extends Content {
  /** Undefined: the queue's delay. */
  readonly delaySeconds?: number | undefined;
  /** A FIFO queue demands it. */
  readonly groupId: string | null;
  /** Null: the body is compared, if the queue says so. */
  readonly deduplicationId: string | null;
  /** Unique id of the sender, as messages show it. */
  readonly sender: string;
}

export interface SentMessage {
  /** Of an earlier message, if this one was a duplicate of it. */
  readonly messageId: string;
  /** Of a FIFO queue. */
  readonly sequence: number | null;
}

/**
 * Sends messages to a queue, all of them or none, in one D1 batch. Once this resolves they outlive any crash; if it rejects they may be
 * there all the same. Duplicates within five minutes are recognised in FIFO queues. Throws `GuardError` queue_changed unless the queue is still as `queue` says,
 * `DataKeyRefused`, and what the context's tables throw.
 */
export async function sendMessages(
  context: QueueContext,
  queue: QueueRow,
  messages: readonly OutgoingMessage[],
): Promise<SentMessage[]> {
  const { tables, clock, arrivals } = context;
  const key = await messageKey(context.keys(), queue);
  const nowMs = clock.now();
  const rows = messages.map((message) => toRow(context, queue, { message, nowMs, key }));
  if (settingsOf(queue).isFifo) {
    const sent = await tables.fifo.send(queue, toFifoRows(queue, messages, rows), nowMs);
    arrivals.notify(queue.id, messages.length);
    return sent;
  }
  await tables.messages.send(queue, rows, nowMs);
  arrivals.notify(queue.id, rows.filter(({ visibleMs }) => visibleMs <= nowMs).length);
  return rows.map(({ id }) => ({ messageId: id, sequence: null }));
}

/**
 * Sends messages to a queue as part of any batch of the first database, which fails with `GuardError` queue_changed unless the queue is
 * still as `queue` says. `key` is what `messageKey` says of the queue. `committed` wakes receives that wait in this isolate, once the batch is applied.
 */
export function sendInBatch(
  context: Pick<QueueContext, "sealer" | "random" | "clock" | "arrivals">,
  queue: QueueRow,
  { messages, key }: { messages: readonly OutgoingMessage[]; key: MessageKey | null },
): { statements: Statement[]; committed: () => void } {
  const nowMs = context.clock.now();
  const rows = messages.map((message) => toRow(context, queue, { message, nowMs, key }));
  const visible = rows.filter(({ visibleMs }) => visibleMs <= nowMs).length;
  const isFifo = settingsOf(queue).isFifo;
  return {
    statements: isFifo
      ? insertFifoMessages(queue, toFifoRows(queue, messages, rows), nowMs)
      : insertMessages(queue, rows, nowMs),
    committed: () => context.arrivals.notify(queue.id, isFifo ? messages.length : visible),
  };
}

function toFifoRows(
  queue: QueueRow,
  messages: readonly OutgoingMessage[],
  rows: readonly NewMessage[],
): NewFifoMessage[] {
  return rows.map((row, index) => ({ ...row, ...fifoParts(queue, messages[index] as OutgoingMessage) }));
}

function toRow(
  { sealer, random }: Pick<QueueContext, "sealer" | "random">,
  queue: QueueRow,
  { message, nowMs, key }: { message: OutgoingMessage; nowMs: number; key: MessageKey | null },
): NewMessage {
  const { delaySeconds, isFifo, isSealed } = settingsOf(queue);
  const id = newMessageId(random);
  const text = encodeContent(message);
  const sealed =
    key !== null
      ? sealText(key.plain, { context: id, text }, random)
      : isSealed
        ? sealer.seal("queue-message", id, text)
        : null;
  return {
    id,
    visibleMs: nowMs + (message.delaySeconds ?? delaySeconds) * 1000,
    lane: isFifo ? message.groupId : null,
    sender: message.sender,
    groupId: isFifo ? null : message.groupId,
    deduplicationId: message.deduplicationId ?? (isFifo ? bodyDigest(message.body) : null),
    sealedAs: sealed === null ? null : id,
    dataKey: key?.kept ?? null,
    content: sealed ?? text,
  };
}

function fifoParts(queue: QueueRow, { body, groupId, deduplicationId }: OutgoingMessage) {
  const lane = groupId as string;
  const scope = settingsOf(queue).deduplicationScope === "messageGroup" ? lane : "";
  return { lane, scope, deduplicationKey: deduplicationId ?? bodyDigest(body) };
}

/** The deduplication id of a message that has none: the SHA-256 of its body. */
function bodyDigest(body: string): string {
  return createHash("sha256").update(body, "utf8").digest("hex");
}
