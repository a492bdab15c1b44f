import type { Database } from "../database.ts";

/** What the job deletes: leftovers of deleted topics, subscriptions that nobody confirmed, and deduplication ids that count no more. */
export class TopicUpkeep {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One round trip, of at most `limit` rows a table. Returns how many rows went. */
  async sweep({
    deduplicationsBeforeMs,
    pendingBeforeMs,
    limit,
  }: {
    deduplicationsBeforeMs: number;
    pendingBeforeMs: number;
    limit: number;
  }): Promise<number> {
    const orphans = (table: string, column: string) =>
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${column} NOT IN (SELECT id FROM topics) LIMIT ?1) RETURNING 1 AS gone`;
    const results = await this.#database.batch<{ gone: number }[]>([
      {
        sql: `DELETE FROM topic_deduplications WHERE (topic_id, scope, key) IN
                (SELECT topic_id, scope, key FROM topic_deduplications WHERE at_ms < ?2 LIMIT ?1) RETURNING 1 AS gone`,
        values: [limit, deduplicationsBeforeMs],
      },
      {
        sql: `DELETE FROM subscriptions WHERE place IN
                (SELECT place FROM subscriptions INDEXED BY subscriptions_pending WHERE token IS NOT NULL AND created_ms < ?2 LIMIT ?1)
              RETURNING 1 AS gone`,
        values: [limit, pendingBeforeMs],
      },
      { sql: orphans("subscriptions", "topic_id"), values: [limit] },
      { sql: orphans("topic_sequences", "topic_id"), values: [limit] },
      {
        sql: `DELETE FROM deliveries WHERE (subscription, publication) IN
                (SELECT subscription, publication FROM deliveries WHERE subscription NOT IN (SELECT place FROM subscriptions) LIMIT ?1)
              RETURNING 1 AS gone`,
        values: [limit],
      },
      {
        sql: `DELETE FROM publications WHERE id IN
                (SELECT id FROM publications p WHERE topic_id NOT IN (SELECT id FROM topics)
                   OR (reached IS NULL AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.publication = p.id)) LIMIT ?1)
              RETURNING 1 AS gone`,
        values: [limit],
      },
    ]);
    return results.reduce((sum, rows) => sum + rows.length, 0);
  }
}
