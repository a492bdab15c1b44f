import type { Database, Statement } from "../database.ts";
import {
  MESSAGE_COLUMNS,
  type MessageCounts,
  type MessageRow,
  type NewMessage,
  type ReceiptRow,
  type Taking,
  takeStatement,
} from "./message-rows.ts";
import { giveBackStatements } from "./messages.ts";
import { type QueueRow, requireQueue } from "./queues.ts";

type Queue = Pick<QueueRow, "id" | "revision">;

/** A message that is to be sent to a FIFO queue. */
export interface NewFifoMessage extends NewMessage {
  readonly lane: string;
  /** Where its deduplication id counts: "" in all of the queue, otherwise in this group. */
  readonly scope: string;
  /** What is compared. */
  readonly deduplicationKey: string;
}

/** Which message stands for one that was sent: an earlier one, if it was a duplicate. */
export interface SentRow {
  readonly messageId: string;
  readonly sequence: number;
}

/** How long a deduplication id counts. */
export const DEDUPLICATION_MS = 300_000;

/** The groups that a receive may have messages of, the one that has waited longest first. */
const READY_LANES =
  "SELECT lane, ready_ms FROM message_groups INDEXED BY message_groups_by_time WHERE queue_id = +?1 AND ready_ms <= ?2 ORDER BY ready_ms, lane LIMIT +?5";

/**
 * The messages that a receive may have: of one group after the other, in their order. A group of which a message is in flight is not
 * ready. Both loops follow an index, so the limit ends them.
 */
const TAKEABLE = `SELECT m.place FROM (${READY_LANES}) g
  CROSS JOIN messages m INDEXED BY messages_by_lane ON m.queue_id = +?1 AND m.lane = g.lane AND m.lane IS NOT NULL
  WHERE m.visible_ms <= ?2 AND m.sent_ms > ?4 ORDER BY g.ready_ms, g.lane, m.sequence LIMIT +?5`;

/** The first message of group `lane` (SQL) that is not over. `column` of it. */
function head(column: string, lane: string): string {
  return `(SELECT ${column} FROM messages INDEXED BY messages_by_lane
           WHERE queue_id = +?1 AND lane = ${lane} AND lane IS NOT NULL AND sent_ms > ?4 ORDER BY sequence LIMIT 1)`;
}

/** How many messages of one group can be in flight: a receive takes no more, and blocks the group. */
const FLIGHT_MAX = 10;

/**
 * Messages of FIFO queues, which lie in the first database alone. A row of message_groups is there for each group that has messages:
 * `ready_ms` is when messages of it may be received, which is not before all that are in flight are visible again. Messages of a group
 * become visible in their order. Every method is one batch, which fails with `GuardError` queue_changed unless the queue is still what was read.
 */
export class FifoMessageTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Sends those that are no duplicates, in their order; all or none. Tells for each which message stands for it. */
  async send(queue: Queue, messages: readonly NewFifoMessage[], nowMs: number): Promise<SentRow[]> {
    const results = await this.#database.batch<unknown[]>(insertFifoMessages(queue, messages, nowMs));
    return messages.map((_, index) => (results[2 + index * STATEMENTS_A_MESSAGE + 3] as SentRow[])[0] as SentRow);
  }

  /** As `MessageTable.take`. */
  async take(queue: Queue, taking: Taking): Promise<MessageRow[]> {
    const { nowMs, visibleMs, sentAfterMs, count, redrive } = taking;
    const values = [queue.id, nowMs, visibleMs, sentAfterMs, count];
    const lanes = `SELECT lane FROM (${READY_LANES})`;
    const dead: Statement[] =
      redrive === null
        ? []
        : [
            {
              sql: `INSERT INTO message_groups (queue_id, lane, ready_ms)
                    SELECT d.id, g.lane, ?2 FROM queues d CROSS JOIN (${READY_LANES}) g
                    WHERE d.account_id = ?6 AND d.name = ?7 AND ?3 IS NOT NULL AND ?4 IS NOT NULL
                      AND EXISTS (SELECT 1 FROM messages m WHERE m.queue_id = d.id AND m.lane = g.lane AND m.lane IS NOT NULL)
                    ON CONFLICT DO NOTHING`,
              values: [...values, redrive.accountId, redrive.deadLetter],
            },
          ];
    const results = await this.#database.batch<unknown[]>([
      requireQueue(queue),
      takeStatement(`IN (${TAKEABLE})`, queue.id, taking),
      ...dead,
      // The head of a group that was ready is in flight only if this very batch took it.
      {
        sql: `UPDATE message_groups SET ready_ms = ?3
              WHERE queue_id = ?1 AND lane IN (${lanes}) AND ${head("visible_ms", "message_groups.lane")} > ?2`,
        values,
      },
      {
        sql: `DELETE FROM message_groups
              WHERE queue_id = ?1 AND lane IN (${lanes}) AND ?3 IS NOT NULL AND ${head("1", "message_groups.lane")} IS NULL`,
        values,
      },
    ]);
    return (results[1] as MessageRow[]).sort((a, b) => (a.sequence as number) - (b.sequence as number));
  }

  /** When the first group becomes ready; null: there is none. Not guarded: nobody is told of it. */
  async nextReadyMs(queueId: number): Promise<number | null> {
    const [row] = await this.#database.all<{ readyMs: number | null }>(
      `SELECT min(ready_ms) AS "readyMs" FROM message_groups INDEXED BY message_groups_by_time WHERE queue_id = +?1`,
      queueId,
    );
    return row?.readyMs ?? null;
  }

  /** Deletes messages that are in flight by the receipts. Returns the places of those that were. */
  async remove(
    queue: Queue,
    receipts: readonly (ReceiptRow & { lane: string })[],
    { nowMs, sentAfterMs }: { nowMs: number; sentAfterMs: number },
  ): Promise<ReadonlySet<number>> {
    const removals = receipts.map(
      ({ place, id, receives }): Statement => ({
        sql: `DELETE FROM messages WHERE place = ?2 AND queue_id = ?1 AND id = ?3 AND receives = ?4 AND visible_ms > ?5 RETURNING place`,
        values: [queue.id, place, id, receives, nowMs],
      }),
    );
    return this.#settle(queue, removals, { receipts, nowMs, sentAfterMs });
  }

  /** Hides messages in flight until `visibleMs`, each its own. Returns the places of those that were. */
  async hide(
    queue: Queue,
    receipts: readonly (ReceiptRow & { lane: string; visibleMs: number })[],
    { nowMs, sentAfterMs }: { nowMs: number; sentAfterMs: number },
  ): Promise<ReadonlySet<number>> {
    const changes = receipts.map(
      ({ place, id, receives, visibleMs }): Statement => ({
        sql: `UPDATE messages SET visible_ms = ?6
              WHERE place = ?2 AND queue_id = ?1 AND id = ?3 AND receives = ?4 AND visible_ms > ?5 RETURNING place`,
        values: [queue.id, place, id, receives, nowMs, visibleMs],
      }),
    );
    return this.#settle(queue, changes, { receipts, nowMs, sentAfterMs });
  }

  /** As `MessageTable.giveBack`. The attempt that received them is forgotten. */
  async giveBack(
    queue: Queue,
    rows: readonly (ReceiptRow & { lane: string | null })[],
    { attemptId, ...times }: { nowMs: number; sentAfterMs: number; attemptId: string | null },
  ): Promise<void> {
    const forget: Statement = {
      sql: "DELETE FROM receive_attempts WHERE queue_id = ?1 AND id = ?2",
      values: [queue.id, attemptId],
    };
    const changes = [...giveBackStatements(queue.id, rows, times.nowMs), ...(attemptId === null ? [] : [forget])];
    const receipts = rows.map(({ lane }) => ({ lane: lane ?? "" }));
    await this.#settle(queue, changes, { receipts, ...times });
  }

  /** The changes, and what becomes of the groups. */
  async #settle(
    queue: Queue,
    changes: readonly Statement[],
    { receipts, nowMs, sentAfterMs }: { receipts: readonly { lane: string }[]; nowMs: number; sentAfterMs: number },
  ): Promise<ReadonlySet<number>> {
    const lanes = [...new Set(receipts.map(({ lane }) => lane))];
    const results = await this.#database.batch<unknown[]>([
      requireQueue(queue),
      ...changes,
      ...lanes.flatMap((lane) => regroup(queue.id, lane, { nowMs, sentAfterMs })),
    ]);
    const changed = results.slice(1, 1 + changes.length) as { place: number }[][];
    return new Set(changed.flat().map(({ place }) => place));
  }

  /** Takes the same messages again if they are still as they were received, and hides them until `visibleMs`. Null: they are not. */
  async takeAgain(
    queue: Queue,
    attempt: { id: string; receivedAfterMs: number },
    { nowMs, visibleMs, sentAfterMs }: Pick<Taking, "nowMs" | "visibleMs" | "sentAfterMs">,
  ): Promise<MessageRow[] | null> {
    const [row] = await this.#database.all<{ messages: string }>(
      "SELECT messages FROM receive_attempts WHERE queue_id = ?1 AND id = ?2 AND received_ms > ?3",
      queue.id,
      attempt.id,
      attempt.receivedAfterMs,
    );
    if (row === undefined) return null;
    const known = JSON.parse(row.messages) as { receipts: [number, string, number][]; visibleMs: number };
    const places = JSON.stringify(known.receipts.map(([place]) => place));
    const rows = await this.#database.all<MessageRow>(
      `SELECT ${MESSAGE_COLUMNS}
       FROM messages WHERE place IN (SELECT value FROM json_each(?1)) AND queue_id = ?2 AND visible_ms > ?3`,
      places,
      queue.id,
      nowMs,
    );
    const isSame = ({ place, id, receives, visibleMs: until }: MessageRow) =>
      until === known.visibleMs && known.receipts.some(([p, i, r]) => p === place && i === id && r === receives);
    if (rows.length < known.receipts.length || !rows.every(isSame)) return null;
    const receipts = rows.map((one) => ({ ...one, lane: one.lane as string, visibleMs }));
    const hidden = await this.hide(queue, receipts, { nowMs, sentAfterMs });
    return hidden.size === rows.length ? rows.sort((a, b) => (a.sequence as number) - (b.sequence as number)) : null;
  }

  /** Notes what an attempt received, so that it can be repeated. */
  async noteAttempt(
    queueId: number,
    id: string,
    { nowMs, rows }: { nowMs: number; rows: readonly MessageRow[] },
  ): Promise<void> {
    const receipts = rows.map(({ place, id: messageId, receives }) => [place, messageId, receives]);
    const messages = JSON.stringify({ receipts, visibleMs: rows[0]?.visibleMs ?? 0 });
    await this.#database.all(
      `INSERT INTO receive_attempts (queue_id, id, received_ms, messages) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET received_ms = excluded.received_ms, messages = excluded.messages`,
      ...[queueId, id, nowMs, messages],
    );
  }

  /** How many messages are in flight, counted up to `most` groups: each group that is not ready has one in flight, or a delayed one. */
  async inFlight(queueId: number, { nowMs, most }: { nowMs: number; most: number }): Promise<number> {
    const [row] = await this.#database.all<{ count: number }>(
      `SELECT coalesce(sum((SELECT count(*) FROM (
           SELECT visible_ms, receives FROM messages INDEXED BY messages_by_lane
           WHERE queue_id = ?1 AND lane = g.lane AND lane IS NOT NULL ORDER BY sequence LIMIT ${FLIGHT_MAX})
         WHERE visible_ms > ?2 AND receives > 0)), 0) AS count
       FROM (SELECT lane FROM message_groups INDEXED BY message_groups_by_time WHERE queue_id = ?1 AND ready_ms > ?2 LIMIT ?3) g`,
      ...[queueId, nowMs, most],
    );
    return row?.count ?? 0;
  }

  /** Reads each message's index entry. */
  async counts(queue: Queue, nowMs: number): Promise<MessageCounts> {
    const [, rows] = await this.#database.batch<[unknown, MessageCounts]>([
      requireQueue(queue),
      {
        sql: `SELECT count(*) FILTER (WHERE visible_ms <= ?2) AS visible,
                count(*) FILTER (WHERE visible_ms > ?2 AND receives > 0) AS "inFlight",
                count(*) FILTER (WHERE visible_ms > ?2 AND receives = 0) AS delayed
              FROM messages INDEXED BY messages_by_lane WHERE queue_id = ?1 AND lane IS NOT NULL`,
        values: [queue.id, nowMs],
      },
    ]);
    return rows[0] as MessageCounts;
  }
}

/** Sends messages as part of any batch, which fails with queue_changed unless the queue is still what was read. */
export function insertFifoMessages(queue: Queue, messages: readonly NewFifoMessage[], nowMs: number): Statement[] {
  return [
    requireQueue(queue),
    reserveSequences(queue.id, messages.length, nowMs),
    ...messages.flatMap((message, index) =>
      sendStatements(queue.id, message, { nowMs, behind: messages.length - 1 - index }),
    ),
  ];
}

/**
 * Raises the last sequence number of a queue by `count`. Numbers follow the clock, so that they go on rising in a database that was
 * restored from an earlier time.
 */
export function reserveSequences(queueId: number, count: number, nowMs: number): Statement {
  return {
    sql: `INSERT INTO message_sequences (queue_id, last) VALUES (?1, ?2 * 1024 + ?3)
          ON CONFLICT DO UPDATE SET last = max(last + ?3, excluded.last)`,
    values: [queueId, nowMs, count],
  };
}

const STATEMENTS_A_MESSAGE = 4;

/** `behind`: how many more messages the batch sends after it. */
function sendStatements(
  queueId: number,
  message: NewFifoMessage,
  { nowMs, behind }: { nowMs: number; behind: number },
): Statement[] {
  const { id, visibleMs, lane, sender, deduplicationId, sealedAs, dataKey, content, scope, deduplicationKey } = message;
  const sequence = "(SELECT last FROM message_sequences WHERE queue_id = ?1)";
  const notBefore = nowMs - DEDUPLICATION_MS;
  // A message that is delayed is not overtaken by a later one of its group.
  const last = `SELECT CASE WHEN receives = 0 THEN visible_ms END FROM messages INDEXED BY messages_by_lane
    WHERE queue_id = +?1 AND lane = +?5 AND lane IS NOT NULL ORDER BY sequence DESC LIMIT 1`;
  return [
    {
      sql: `INSERT INTO messages (queue_id, sent_ms, id, visible_ms, lane, sequence, sender, deduplication_id, sealed_as, content, data_key)
            SELECT ?1, ?2, ?3, max(?4, coalesce((${last}), 0)), ?5, ${sequence} - ?6, ?7, ?8, ?9, ?10, ?14
            WHERE NOT EXISTS (SELECT 1 FROM message_deduplications WHERE queue_id = ?1 AND scope = ?11 AND key = ?12 AND sent_ms > ?13)`,
      values: [
        ...[queueId, nowMs, id, visibleMs, lane, behind, sender, deduplicationId, sealedAs, content],
        ...[scope, deduplicationKey, notBefore, dataKey],
      ],
    },
    {
      sql: `INSERT INTO message_deduplications (queue_id, scope, key, sent_ms, message_id, sequence)
            VALUES (?1, ?2, ?3, ?4, ?5, ${sequence} - ?6)
            ON CONFLICT DO UPDATE SET sent_ms = excluded.sent_ms, message_id = excluded.message_id, sequence = excluded.sequence
            WHERE sent_ms <= ?7`,
      values: [queueId, scope, deduplicationKey, nowMs, id, behind, notBefore],
    },
    {
      sql: `INSERT INTO message_groups (queue_id, lane, ready_ms)
            SELECT ?1, ?2, visible_ms FROM messages INDEXED BY messages_by_lane
            WHERE queue_id = +?1 AND lane = +?2 AND lane IS NOT NULL ORDER BY sequence DESC LIMIT 1
            ON CONFLICT DO NOTHING`,
      values: [queueId, lane],
    },
    {
      sql: `SELECT message_id AS "messageId", sequence FROM message_deduplications WHERE queue_id = ?1 AND scope = ?2 AND key = ?3`,
      values: [queueId, scope, deduplicationKey],
    },
  ];
}

/** After messages of a group were changed: when the group is ready, or that it has none. */
export function regroup(
  queueId: number,
  lane: string,
  { nowMs, sentAfterMs }: { nowMs: number; sentAfterMs: number },
): Statement[] {
  const values = [queueId, nowMs, lane, sentAfterMs];
  const first = `SELECT visible_ms, receives FROM messages INDEXED BY messages_by_lane
    WHERE queue_id = +?1 AND lane = +?3 AND lane IS NOT NULL AND sent_ms > ?4 ORDER BY sequence LIMIT ${FLIGHT_MAX}`;
  return [
    {
      sql: `DELETE FROM message_groups WHERE queue_id = ?1 AND lane = ?3 AND ?2 IS NOT NULL AND ${head("1", "+?3")} IS NULL`,
      values,
    },
    {
      sql: `UPDATE message_groups SET ready_ms =
              coalesce((SELECT max(visible_ms) FROM (${first}) WHERE receives > 0 AND visible_ms > ?2), ${head("visible_ms", "+?3")})
            WHERE queue_id = ?1 AND lane = ?3`,
      values,
    },
  ];
}
