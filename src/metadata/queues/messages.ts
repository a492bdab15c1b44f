import type { Database, Statement } from "../database.ts";
import {
  type MessageCounts,
  type MessageRow,
  type NewMessage,
  type ReceiptRow,
  type Taking,
  takeStatement,
} from "./message-rows.ts";
import { type QueueRow, requireQueue } from "./queues.ts";

type Queue = Pick<QueueRow, "id" | "revision">;

/**
 * Bound values with a + before them, here and in `fifo-messages.ts`: SQLite 3.54 compiles a statement again each time it runs if a value is the limit,
 * or is compared with a column before those of the order, unless the value is an expression.
 *
 * The messages that a receive may have, the one that has been visible longest first. A message that became visible before its retention
 * was over, counted from now, was sent before: so those that are over lie in front of the range.
 */
const VISIBLE = `SELECT place FROM messages INDEXED BY messages_by_visibility
  WHERE queue_id = +?1 AND lane IS NULL AND visible_ms > ?4 AND visible_ms <= ?2 AND sent_ms > ?4 ORDER BY visible_ms LIMIT`;

/** How far a count goes before it is called large. */
const COUNTED_MAX = 10_000;

/**
 * Messages of standard queues, which lie in the first database alone. Every method is one batch that fails with `GuardError`
 * queue_changed unless the queue is still what was read.
 */
export class MessageTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Sends all, or none. */
  async send(queue: Queue, messages: readonly NewMessage[], nowMs: number): Promise<void> {
    await this.#database.batch(insertMessages(queue, messages, nowMs));
  }

  /** The messages that were received; those that went to the dead letter queue instead have another `queueId`. */
  async take(queue: Queue, taking: Taking): Promise<MessageRow[]> {
    const [, ...taken] = await this.#database.batch<MessageRow[]>([
      requireQueue(queue),
      ...takeStatements(queue.id, taking),
    ]);
    return taken.flat().sort((a, b) => a.place - b.place);
  }

  /** When the first message becomes visible, or became so; null: there is none. Not guarded: nobody is told of it. */
  async nextVisibleMs(queueId: number, sentAfterMs: number): Promise<number | null> {
    const [row] = await this.#database.all<{ visibleMs: number | null }>(
      `SELECT min(visible_ms) AS "visibleMs" FROM messages INDEXED BY messages_by_visibility
       WHERE queue_id = +?1 AND lane IS NULL AND visible_ms > ?2 AND sent_ms > ?2`,
      queueId,
      sentAfterMs,
    );
    return row?.visibleMs ?? null;
  }

  /** Deletes the messages whose latest receive is the one of the receipt. Others stay as they are. */
  async remove(queue: Queue, receipts: readonly ReceiptRow[]): Promise<void> {
    const removals = receipts.map(({ place, id, receives }) => ({
      sql: "DELETE FROM messages WHERE place = ?2 AND id = ?3 AND receives = ?4 AND queue_id = ?1",
      values: [queue.id, place, id, receives],
    }));
    await this.#database.batch([requireQueue(queue), ...removals]);
  }

  /** Hides messages until `visibleMs`, each its own. Returns the places of those whose latest receive the receipt is. */
  async hide(queue: Queue, receipts: readonly (ReceiptRow & { visibleMs: number })[]): Promise<ReadonlySet<number>> {
    const [, changed] = await this.#database.batch<[unknown, { place: number }]>([
      requireQueue(queue),
      {
        sql: `UPDATE messages SET visible_ms = j.value ->> 3 FROM json_each(?2) j
              WHERE place = j.value ->> 0 AND messages.id = j.value ->> 1 AND receives = j.value ->> 2 AND queue_id = ?1 RETURNING place`,
        values: [queue.id, JSON.stringify(receipts.map(({ visibleMs, ...one }) => [...receiptOf(one), visibleMs]))],
      },
    ]);
    return new Set(changed.map(({ place }) => place));
  }

  /** Undoes receives, as far as they are the latest: the messages are visible now, and were received once less. */
  async giveBack(queue: Queue, rows: readonly ReceiptRow[], nowMs: number): Promise<void> {
    await this.#database.batch([requireQueue(queue), ...giveBackStatements(queue.id, rows, nowMs)]);
  }

  /** Exact up to 10,000 of each; beyond, `isLarge` says that it is worth remembering. Reads each message's index entry. */
  async counts(
    queue: Queue,
    { nowMs, sentAfterMs, isLarge }: { nowMs: number; sentAfterMs: number; isLarge: boolean },
  ): Promise<MessageCounts | "large"> {
    const limit = isLarge ? -1 : COUNTED_MAX + 1;
    const counted = (where: string) =>
      `(SELECT count(*) FROM (SELECT 1 FROM messages INDEXED BY messages_by_visibility
         WHERE queue_id = ?1 AND lane IS NULL AND ${where} LIMIT ?4))`;
    const [, rows] = await this.#database.batch<[unknown, MessageCounts]>([
      requireQueue(queue),
      {
        sql: `SELECT ${counted("visible_ms > ?3 AND visible_ms <= ?2")} AS visible,
                ${counted("visible_ms > ?2 AND receives > 0")} AS "inFlight",
                ${counted("visible_ms > ?2 AND receives = 0")} AS delayed`,
        values: [queue.id, nowMs, sentAfterMs, limit],
      },
    ]);
    const [counts] = rows as [MessageCounts];
    return !isLarge && Object.values(counts).some((count) => count > COUNTED_MAX) ? "large" : counts;
  }

  /** How many messages are in flight, counted up to `most`. */
  async inFlight(queueId: number, { nowMs, most }: { nowMs: number; most: number }): Promise<number> {
    const [row] = await this.#database.all<{ count: number }>(
      `SELECT count(*) AS count FROM (SELECT 1 FROM messages INDEXED BY messages_by_visibility
         WHERE queue_id = ?1 AND lane IS NULL AND visible_ms > ?2 AND receives > 0 LIMIT ?3)`,
      ...[queueId, nowMs, most],
    );
    return row?.count ?? 0;
  }
}

/** Sends messages as part of any batch, which fails with queue_changed unless the queue is still what was read. */
export function insertMessages(queue: Queue, messages: readonly NewMessage[], nowMs: number): Statement[] {
  const rows = messages.map(({ id, visibleMs, sender, groupId, deduplicationId, sealedAs, dataKey, content }) => [
    ...[id, visibleMs, sender, groupId, deduplicationId, sealedAs, dataKey, content],
  ]);
  const column = (at: number) => `j.value ->> ${at}`;
  return [
    requireQueue(queue),
    {
      sql: `INSERT INTO messages (queue_id, sent_ms, id, visible_ms, sender, group_id, deduplication_id, sealed_as, data_key, content)
            SELECT ?1, ?2, ${[0, 1, 2, 3, 4, 5, 6, 7].map(column).join(", ")} FROM json_each(?3) j`,
      values: [queue.id, nowMs, JSON.stringify(rows)],
    },
  ];
}

/**
 * A statement for each message: one for all would write and read each row's place once more on the way, and that counts. But if
 * they are not hidden, the next statement would find the same message again.
 */
function takeStatements(queueId: number, taking: Taking): Statement[] {
  if (taking.visibleMs <= taking.nowMs) return [takeStatement(`IN (${VISIBLE} +?5)`, queueId, taking)];
  const one = takeStatement(`= (${VISIBLE} min(1, ?5))`, queueId, taking);
  return Array.from({ length: taking.count }, () => one);
}

/** One of each receipt. Nobody has been told of the receive, so its number may be given again. */
export function giveBackStatements(queueId: number, rows: readonly ReceiptRow[], nowMs: number): Statement[] {
  return rows.map(({ place, id, receives }) => ({
    sql: `UPDATE messages SET visible_ms = ?5, receives = receives - 1,
            first_received_ms = CASE WHEN receives > 1 THEN first_received_ms END
          WHERE place = ?2 AND id = ?3 AND receives = ?4 AND queue_id = ?1`,
    values: [queueId, place, id, receives, nowMs],
  }));
}

function receiptOf({ place, id, receives }: ReceiptRow): (string | number)[] {
  return [place, id, receives];
}
