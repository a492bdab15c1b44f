import type { Database } from "../database.ts";
import { endDeliveries } from "./subscriptions.ts";

/** What the job deletes: subscriptions of deleted topics, those that nobody confirmed, and deduplication ids that count no more. */
export class TopicUpkeep {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Two round trips, of at most `limit` rows a table. Returns how many rows went. May be repeated. */
  async sweep({
    deduplicationsBeforeMs,
    pendingBeforeMs,
    limit,
  }: {
    deduplicationsBeforeMs: number;
    pendingBeforeMs: number;
    limit: number;
  }): Promise<number> {
    const places = await this.#overdue(pendingBeforeMs, limit);
    const results = await this.#database.batch<{ gone: number }[]>([
      {
        sql: `DELETE FROM topic_deduplications WHERE (topic_id, scope, key) IN
                (SELECT topic_id, scope, key FROM topic_deduplications INDEXED BY topic_deduplications_by_time WHERE at_ms < ?2 LIMIT ?1)
              RETURNING 1 AS gone`,
        values: [limit, deduplicationsBeforeMs],
      },
      ...endDeliveries(places),
      {
        sql: "DELETE FROM subscriptions WHERE place IN (SELECT value FROM json_each(?1)) RETURNING 1 AS gone",
        values: [JSON.stringify(places)],
      },
      {
        sql: `DELETE FROM deleted_topics WHERE NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.topic_id = deleted_topics.topic_id)
              RETURNING 1 AS gone`,
        values: [],
      },
    ]);
    return results.reduce((sum, rows) => sum + rows.length, 0);
  }

  async #overdue(pendingBeforeMs: number, limit: number): Promise<number[]> {
    const rows = await this.#database.all<{ place: number }>(
      `SELECT place FROM subscriptions INDEXED BY subscriptions_by_topic WHERE topic_id IN (SELECT topic_id FROM deleted_topics)
       UNION SELECT place FROM subscriptions INDEXED BY subscriptions_pending WHERE token IS NOT NULL AND created_ms < ?1 LIMIT ?2`,
      pendingBeforeMs,
      limit,
    );
    return rows.map(({ place }) => place);
  }
}
