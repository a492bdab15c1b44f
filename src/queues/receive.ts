import { DEDUPLICATION_MS } from "../metadata/queues/fifo-messages.ts";
import type { MessageRow, Taking } from "../metadata/queues/message-rows.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import { type DataKeyFailure, DataKeyRefused } from "../sealing/data-keys.ts";
import { openText } from "../sealing/text-cipher.ts";
import { type Content, decodeContent } from "./content.ts";
import { sealReceipt } from "./handles.ts";
import { MessageKeyring, requireOpenable } from "./message-keys.ts";
import type { QueueContext } from "./queue-context.ts";
import { parseQueueArn, queueArn, queueLimits, settingsOf } from "./settings.ts";

export interface ReceiveRequest {
  /** 1 to 10. */
  readonly count: number;
  /** Undefined: the queue's. */
  readonly visibilitySeconds: number | undefined;
  /** How long to wait for a message; undefined: the queue's. */
  readonly waitSeconds: number | undefined;
  /** Of FIFO queues: the same attempt is given the same messages, for five minutes. */
  readonly attemptId: string | null;
  /** Aborted when the client is gone: then nothing is received for it. */
  readonly signal: AbortSignal | null;
}

export interface ReceivedMessage {
  readonly row: MessageRow;
  readonly content: Content;
  readonly receiptHandle: string;
}

export type Received =
  | { readonly kind: "messages"; readonly messages: readonly ReceivedMessage[] }
  /** As many are in flight as may be. */
  | { readonly kind: "over-limit" };

/** A receive that found only messages for the dead letter queue goes on. */
const ROUNDS_MAX = 20;

/** How long a receive waits that finds too much in flight, before it looks again. */
const FULL_MS = 1_000;

/**
 * Receives up to `count` messages, and waits for the first if there is none. They are hidden from others from then on. One D1 batch, and while
 * it waits the looks of `Arrivals`. A message that was taken and whose answer is lost becomes visible again. Throws `GuardError`
 * queue_changed unless the queue is still as `queue` says: nothing was taken then. Throws `DataKeyRefused` if the receiver may not open what
 * is sent to the queue, before anything is taken, or if none of the messages can be opened. Messages that are not the receiver's to open, and
 * those whose KMS cannot be reached, are given back; others that cannot be opened stay hidden, as if they had been received.
 */
export async function receiveMessages(
  context: QueueContext,
  queue: QueueRow,
  request: ReceiveRequest,
): Promise<Received> {
  const { clock, arrivals } = context;
  const settings = settingsOf(queue);
  let hasWaited = false;
  const untilMs = clock.now() + 1000 * (request.waitSeconds ?? settings.waitSeconds);
  for (;;) {
    // Of a key that was remembered the batch that takes finds out whether it still is what it was; others are read before each.
    await requireOpenable(context.keys(), queue);
    if (await isFull(context, queue)) {
      // Long polling is told nothing of the limit, nor is whoever receives from a FIFO queue.
      const isTold = !hasWaited && !settings.isFifo;
      if (untilMs <= clock.now()) return isTold ? { kind: "over-limit" } : { kind: "messages", messages: [] };
      hasWaited = true;
      await clock.sleep(Math.min(FULL_MS, untilMs - clock.now()));
      continue;
    } else {
      const { rows, isRepeated } = await take(context, queue, request);
      if (rows.length > 0) {
        context.flights.add(queue.id, rows.length);
        // There may be more for others who wait.
        if (rows.length === request.count) arrivals.notify(queue.id, 1);
        const { opened, toGiveBack, refused } = await openAll(context, queue, rows);
        // A repeated receive counts once, and its first answer may have arrived.
        if (!isRepeated) await giveBack(context, queue, { rows: toGiveBack, attemptId: request.attemptId });
        if (refused !== null && opened.length === 0) throw new DataKeyRefused(refused);
        return { kind: "messages", messages: opened };
      }
    }
    const look = () => lookAhead(context, queue);
    const isThere = await arrivals.wait(queue.id, { untilMs, look, signal: request.signal });
    if (!isThere) return { kind: "messages", messages: [] };
  }
}

/**
 * Whether as many messages are in flight as may be.
 *
 * Follows "Amazon SQS standard queue quotas" and "Amazon SQS FIFO queue quotas" in the SQS Developer Guide: 120,000 in both.
 */
function isFull({ clock, flights, bare }: QueueContext, queue: QueueRow): Promise<boolean> {
  const nowMs = clock.now();
  const table = settingsOf(queue).isFifo ? bare.fifo : bare.messages;
  const count = () => table.inFlight(queue.id, { nowMs, most: queueLimits.inFlight });
  return flights.isFull(queue.id, { nowMs, limit: queueLimits.inFlight, count });
}

interface Taken {
  readonly rows: readonly MessageRow[];
  /** An attempt was given the same messages again. */
  readonly isRepeated: boolean;
}

async function take(context: QueueContext, queue: QueueRow, request: ReceiveRequest): Promise<Taken> {
  const { tables, clock } = context;
  const { isFifo } = settingsOf(queue);
  const { attemptId } = request;
  if (isFifo && attemptId !== null) {
    const nowMs = clock.now();
    const attempt = { id: attemptId, receivedAfterMs: nowMs - DEDUPLICATION_MS };
    const taking = takingOf(queue, request, nowMs);
    const again = await tables.fifo.takeAgain(queue, attempt, taking);
    if (again !== null) {
      const { visibleMs } = taking;
      const rows = again.map((row) => ({ ...row, visibleMs }));
      await tables.fifo.noteAttempt(queue.id, attemptId, { nowMs, rows });
      return { rows, isRepeated: true };
    }
  }
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const nowMs = clock.now();
    const table = isFifo ? tables.fifo : tables.messages;
    const taken = await table.take(queue, takingOf(queue, request, nowMs));
    const rows = taken.filter(({ queueId }) => queueId === queue.id);
    if (rows.length > 0 && isFifo && attemptId !== null) {
      await tables.fifo.noteAttempt(queue.id, attemptId, { nowMs, rows });
    }
    if (rows.length > 0 || taken.length === 0) return { rows, isRepeated: false };
    context.arrivals.notify(taken[0]?.queueId ?? 0, taken.length);
  }
  return { rows: [], isRepeated: false };
}

function takingOf(queue: QueueRow, { count, visibilitySeconds }: ReceiveRequest, nowMs: number): Taking {
  const settings = settingsOf(queue);
  const target = settings.redrive === null ? null : parseQueueArn(settings.redrive.deadLetterArn);
  return {
    count,
    nowMs,
    visibleMs: nowMs + 1000 * (visibilitySeconds ?? settings.visibilitySeconds),
    sentAfterMs: nowMs - 1000 * settings.retentionSeconds,
    redrive:
      settings.redrive === null || target === null
        ? null
        : {
            accountId: target.accountId,
            deadLetter: target.name,
            receivesMax: settings.redrive.receivesMax,
            source: queueArn(queue),
          },
  };
}

function lookAhead({ bare, clock }: QueueContext, queue: QueueRow): Promise<number | null> {
  const { isFifo, retentionSeconds } = settingsOf(queue);
  if (isFifo) return bare.fifo.nextReadyMs(queue.id);
  return bare.messages.nextVisibleMs(queue.id, clock.now() - 1000 * retentionSeconds);
}

/** Failures that say nothing against the message: this receiver may not open it, or the KMS does not answer. */
const GIVEN_BACK: readonly DataKeyFailure["kind"][] = ["access-denied", "unavailable"];

interface Opening {
  readonly opened: ReceivedMessage[];
  readonly toGiveBack: MessageRow[];
  /** Why the first was not opened; null: all were. */
  readonly refused: DataKeyFailure | null;
}

/**
 * The messages that can be opened: a key of the KMS may be disabled or gone, or not this receiver's. In a FIFO queue what is behind such a
 * message in its group waits with it.
 */
async function openAll(context: QueueContext, queue: QueueRow, rows: readonly MessageRow[]): Promise<Opening> {
  const opened: ReceivedMessage[] = [];
  const toGiveBack: MessageRow[] = [];
  /** Groups, and whether they are given back. */
  const stuck = new Map<string, boolean>();
  let refused: DataKeyFailure | null = null;
  const keyring = new MessageKeyring(context.keys(), queue);
  for (const row of rows) {
    const isStuck = row.lane === null ? undefined : stuck.get(row.lane);
    if (isStuck) toGiveBack.push(row);
    if (isStuck !== undefined) continue;
    const key = row.dataKey === null ? null : await keyring.open(row.dataKey);
    if (key === null || key.ok) {
      opened.push(open(context, queue, { row, dataKey: key?.plain ?? null }));
      continue;
    }
    refused ??= key.failure;
    const isGivenBack = GIVEN_BACK.includes(key.failure.kind);
    if (isGivenBack) toGiveBack.push(row);
    if (row.lane !== null) stuck.set(row.lane, isGivenBack);
  }
  return { opened, toGiveBack, refused };
}

/** Undoes the receive of messages that nobody is told of: it does not bring them nearer to the dead letter queue. */
async function giveBack(
  { tables, clock, flights, arrivals }: QueueContext,
  queue: QueueRow,
  { rows, attemptId }: { rows: readonly MessageRow[]; attemptId: string | null },
): Promise<void> {
  if (rows.length === 0) return;
  const { isFifo, retentionSeconds } = settingsOf(queue);
  const nowMs = clock.now();
  const times = { nowMs, sentAfterMs: nowMs - 1000 * retentionSeconds };
  if (isFifo) await tables.fifo.giveBack(queue, rows, { ...times, attemptId });
  else await tables.messages.giveBack(queue, rows, nowMs);
  flights.add(queue.id, -rows.length);
  arrivals.notify(queue.id, rows.length);
}

function open(
  { sealer, clock }: QueueContext,
  queue: QueueRow,
  { row, dataKey }: { row: MessageRow; dataKey: Uint8Array | null },
): ReceivedMessage {
  const { place, id, receives, lane, sealedAs: context, content: sealed } = row;
  const text =
    context === null
      ? sealed
      : dataKey === null
        ? sealer.open("queue-message", context, sealed)
        : openText(dataKey, { context, sealed });
  if (text === null) throw new Error(`message ${id} was sealed under a secret that this server does not have`);
  const receipt = { queueId: queue.id, place, id, receives, receivedMs: clock.now(), lane };
  return { row, content: decodeContent(text), receiptHandle: sealReceipt(sealer, queue, receipt) };
}
