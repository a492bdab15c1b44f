import type { Database, Statement } from "../database.ts";

/** AWS's default of MessageRetentionPeriod, in seconds. */
export const RETENTION_DEFAULT_SECONDS = 345_600;

export interface DeletedQueue {
  readonly queueId: number;
  readonly deletedMs: number;
}

/** SQL for the retention of queue `q`. */
export const RETENTION_MS = `coalesce(CAST(q.attributes ->> 'MessageRetentionPeriod' AS INTEGER), ${RETENTION_DEFAULT_SECONDS}) * 1000`;

/** What background jobs do to queues. Everything may be repeated. */
export class QueueUpkeep {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Queues that were deleted or purged and may still have messages. */
  deleted(limit: number): Promise<DeletedQueue[]> {
    return this.#database.all<DeletedQueue>(
      `SELECT queue_id AS "queueId", deleted_ms AS "deletedMs" FROM deleted_queues ORDER BY queue_id LIMIT ?1`,
      limit,
    );
  }

  /** Deletes up to `limit` messages of a deleted queue, and all else that is kept of it. Returns how many messages it deleted. */
  async empty(queueId: number, limit: number): Promise<number> {
    const some = (lane: string): Statement => ({
      sql: `DELETE FROM messages WHERE place IN (SELECT place FROM messages WHERE queue_id = ?1 AND lane ${lane} LIMIT ?2) RETURNING 1 AS one`,
      values: [queueId, limit],
    });
    const all = (table: string): Statement => ({ sql: `DELETE FROM ${table} WHERE queue_id = ?1`, values: [queueId] });
    const tables = ["message_groups", "message_sequences", "message_deduplications", "receive_attempts"];
    const results = await this.#database.batch<unknown[]>([some("IS NULL"), some("IS NOT NULL"), ...tables.map(all)]);
    return (results[0]?.length ?? 0) + (results[1]?.length ?? 0);
  }

  /** Forgets deleted queues that are empty: names may be used again after a minute anyway. */
  async forget(queueId: number): Promise<void> {
    await this.#database.all(
      `DELETE FROM deleted_queues WHERE queue_id = ?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE queue_id = ?1 AND lane IS NULL)
         AND NOT EXISTS (SELECT 1 FROM messages WHERE queue_id = ?1 AND lane IS NOT NULL)`,
      queueId,
    );
  }

  /** The ids of queues after `after`. */
  async queuesAfter(after: number, limit: number): Promise<number[]> {
    const rows = await this.#database.all<{ id: number }>(
      "SELECT id FROM queues WHERE id > ?1 ORDER BY id LIMIT ?2",
      ...[after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Deletes up to `limit` messages of a standard queue that were never received in time: they lie at the front. Returns how many. */
  async expireUnreceived(queueId: number, { nowMs, limit }: { nowMs: number; limit: number }): Promise<number> {
    const rows = await this.#database.all(
      `DELETE FROM messages WHERE place IN (
         SELECT m.place FROM queues q CROSS JOIN messages m INDEXED BY messages_by_visibility
           ON m.queue_id = q.id AND m.lane IS NULL AND m.visible_ms <= ?2 - ${RETENTION_MS}
         WHERE q.id = ?1 LIMIT ?3) RETURNING 1 AS one`,
      ...[queueId, nowMs, limit],
    );
    return rows.length;
  }

  /**
   * Looks at `limit` messages of all queues behind `after`, in the order in which they were sent, and deletes those that are over.
   * `last` is where to go on; null: these were all.
   */
  async expireNext(
    after: number,
    { nowMs, limit }: { nowMs: number; limit: number },
  ): Promise<{ deleted: number; last: number | null }> {
    const page = `SELECT place, queue_id, sent_ms FROM messages WHERE place > ?1 ORDER BY place LIMIT ?2`;
    const [[end], deleted] = await this.#database.batch<[{ last: number | null; count: number }, unknown]>([
      { sql: `SELECT max(place) AS last, count(*) AS count FROM (${page})`, values: [after, limit] },
      {
        sql: `DELETE FROM messages WHERE place IN (
                SELECT m.place FROM (${page}) m CROSS JOIN queues q ON q.id = m.queue_id
                WHERE m.sent_ms <= ?3 - ${RETENTION_MS}) RETURNING 1 AS one`,
        values: [after, limit, nowMs],
      },
    ]);
    const isEnd = end === undefined || end.count < limit;
    return { deleted: deleted.length, last: isEnd ? null : end.last };
  }

  /** Forgets what is no longer compared: deduplication ids and receive attempts from before `beforeMs`, and moves that ended long ago. */
  async forgetOld({ beforeMs, movesBeforeMs }: { beforeMs: number; movesBeforeMs: number }): Promise<number> {
    const results = await this.#database.batch<unknown[]>([
      { sql: "DELETE FROM message_deduplications WHERE sent_ms <= ?1 RETURNING 1 AS one", values: [beforeMs] },
      { sql: "DELETE FROM receive_attempts WHERE received_ms <= ?1 RETURNING 1 AS one", values: [beforeMs] },
      {
        sql: "DELETE FROM message_moves WHERE state <> 'RUNNING' AND started_ms <= ?1 RETURNING 1 AS one",
        values: [movesBeforeMs],
      },
    ]);
    return results.reduce((sum, rows) => sum + rows.length, 0);
  }
}
