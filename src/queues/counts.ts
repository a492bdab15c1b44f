import type { MessageCounts } from "../metadata/queues/message-rows.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import type { QueueContext } from "./queue-context.ts";
import { settingsOf } from "./settings.ts";

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
