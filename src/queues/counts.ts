import type { MessageCounts } from "../metadata/queues/message-rows.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import type { QueueContext } from "./queue-context.ts";
import { settingsOf } from "./settings.ts";

/** How long the counts of a large queue are remembered. */
const REMEMBERED_MS = 60_000;
const QUEUES_MAX = 1_000;

/** What an isolate counted in large queues. */
export class CountMemory {
  readonly #known = new Map<number, { counts: MessageCounts; atMs: number }>();

  recall(queueId: number, nowMs: number): MessageCounts | undefined {
    const known = this.#known.get(queueId);
    return known !== undefined && nowMs - known.atMs < REMEMBERED_MS ? known.counts : undefined;
  }

  remember(queueId: number, counts: MessageCounts, atMs: number): void {
    this.#known.delete(queueId);
    this.#known.set(queueId, { counts, atMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > QUEUES_MAX && oldest !== undefined) this.#known.delete(oldest);
  }
}

/**
 * How many messages wait, are in flight and are delayed: exact up to 10,000 of each; above, as they were counted within the last minute, because
 * counting reads an index entry for each. Throws `GuardError` queue_changed.
 */
export async function countMessages(context: QueueContext, queue: QueueRow): Promise<MessageCounts> {
  const { tables, clock, counts: memory } = context;
  const nowMs = clock.now();
  const { isFifo, retentionSeconds } = settingsOf(queue);
  if (isFifo) return tables.fifo.counts(queue, nowMs);
  const times = { nowMs, sentAfterMs: nowMs - 1000 * retentionSeconds };
  const known = memory.recall(queue.id, nowMs);
  const counted = await tables.messages.counts(queue, { ...times, isLarge: false });
  if (counted !== "large") return counted;
  if (known !== undefined) return known;
  const all = (await tables.messages.counts(queue, { ...times, isLarge: true })) as MessageCounts;
  memory.remember(queue.id, all, nowMs);
  return all;
}
