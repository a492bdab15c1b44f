import type { QueueRow } from "../metadata/queues/queues.ts";
import { openReceipt, type Receipt } from "./handles.ts";
import type { QueueContext } from "./queue-context.ts";
import { queueLimits, settingsOf } from "./settings.ts";

/** What became of one receipt handle. */
export type Settled =
  | { readonly kind: "done" }
  /** Nobody made it, or it is another queue's. */
  | { readonly kind: "invalid" }
  /** Of a FIFO queue: the message is visible again, or was received again. */
  | { readonly kind: "expired" }
  /** The message is not there, or was received again. */
  | { readonly kind: "not-there" }
  /** It would be hidden for longer than 12 hours after it was received. */
  | { readonly kind: "too-long" };

const done: Settled = { kind: "done" };

/**
 * Deletes messages by their receipt handles, in one D1 batch. A message of a standard queue that was received again since stays, without a word,
 * as at AWS. Throws `GuardError` queue_changed unless the queue is still as `queue` says.
 */
export async function deleteMessages(
  context: QueueContext,
  queue: QueueRow,
  handles: readonly string[],
): Promise<Settled[]> {
  const { tables } = context;
  const receipts = handles.map((handle) => openReceipt(context.sealer, queue, handle));
  const own = receipts.filter((one): one is Receipt => one?.queueId === queue.id);
  const { isFifo } = settingsOf(queue);
  if (!isFifo) {
    await tables.messages.remove(queue, own);
    return receipts.map((receipt) => (receipt === null ? { kind: "invalid" } : done));
  }
  const deleted = await tables.fifo.remove(queue, own.map(withLane), fifoTimes(context, queue));
  if (own.length > 0) context.arrivals.notify(queue.id, own.length);
  return receipts.map((receipt) => {
    if (receipt === null) return { kind: "invalid" };
    return deleted.has(receipt.place) ? done : { kind: "expired" };
  });
}

export interface Hiding {
  readonly handle: string;
  /** 0 to 43,200, from now. */
  readonly seconds: number;
}

/** Changes until when messages are hidden, in one D1 batch. Throws as `deleteMessages`. */
export async function hideMessages(
  context: QueueContext,
  queue: QueueRow,
  hidings: readonly Hiding[],
): Promise<Settled[]> {
  const { tables, clock, sealer } = context;
  const nowMs = clock.now();
  const asked = hidings.map(({ handle, seconds }) => {
    const receipt = openReceipt(sealer, queue, handle);
    const visibleMs = nowMs + 1000 * seconds;
    const isTooLong = receipt !== null && visibleMs - receipt.receivedMs > 1000 * queueLimits.visibilitySeconds;
    return { receipt, visibleMs, isTooLong };
  });
  const own = asked.flatMap(({ receipt, visibleMs, isTooLong }) =>
    receipt?.queueId === queue.id && !isTooLong ? [{ ...receipt, visibleMs }] : [],
  );
  const changed = settingsOf(queue).isFifo
    ? await tables.fifo.hide(queue, own.map(withLane), fifoTimes(context, queue))
    : await tables.messages.hide(queue, own);
  if (own.some(({ visibleMs }) => visibleMs <= nowMs)) context.arrivals.notify(queue.id, own.length);
  return asked.map(({ receipt, isTooLong }) => {
    if (receipt === null) return { kind: "invalid" };
    if (isTooLong) return { kind: "too-long" };
    return changed.has(receipt.place) ? done : { kind: "not-there" };
  });
}

function withLane<T extends Receipt>(receipt: T): T & { lane: string } {
  return { ...receipt, lane: receipt.lane ?? "" };
}

function fifoTimes({ clock }: QueueContext, queue: QueueRow): { nowMs: number; sentAfterMs: number } {
  const nowMs = clock.now();
  return { nowMs, sentAfterMs: nowMs - 1000 * settingsOf(queue).retentionSeconds };
}
