import { type Database, require, type Statement } from "../database.ts";
import type { NewsDetail, Origin } from "./outbox.ts";

/** A row of the outbox. */
export interface NewsRow {
  readonly id: number;
  readonly notificationId: string;
  readonly key: string;
  readonly event: string;
  readonly versionId: string;
  readonly seq: number;
  readonly isNull: boolean;
  readonly sizeBytes: number | null;
  readonly etag: string | null;
  readonly atMs: number;
  readonly origin: Origin | null;
  readonly detail: NewsDetail | null;
}

/** A notification configuration, also one that was replaced since. */
export interface ListenerRow {
  readonly id: string;
  readonly bucket: string;
  readonly owner: string;
  readonly ownerAccount: string | null;
  readonly region: string;
  /** JSON text. */
  readonly configuration: string;
}

/** A message that waits for its target. Of one target they are delivered in the order of their places. */
export interface UndeliveredRow {
  readonly target: string;
  /** Order among those of the target. */
  readonly place: number;
  readonly message: string;
  readonly sinceMs: number;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Messages in one parameter: each has some KB, and D1 takes 2 MB. */
const KEPT_AT_ONCE = 100;

/** News on its way, in one database. Each method is one round trip. */
export class OutboxTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The oldest news, up to `limit`, with the configurations that ask for it, the targets that something waits for already, and whether
   * topics of this database have publications.
   */
  async oldest(
    limit: number,
  ): Promise<{ news: NewsRow[]; listeners: ListenerRow[]; waiting: string[]; hasPublications: boolean }> {
    type Raw = Omit<NewsRow, "isNull" | "origin" | "detail"> & {
      isNull: number;
      origin: string | null;
      detail: string | null;
    };
    // The +: SQLite 3.54 compiles a statement again each time it runs if a bound value is its limit.
    const some = "SELECT * FROM outbox ORDER BY id LIMIT +?1";
    type Found = [Raw, ListenerRow, { target: string }, { hasPublications: number }];
    const [news, listeners, waiting, publications] = await this.#database.batch<Found>([
      {
        sql: `SELECT id, notification_id AS "notificationId", key, event, version_id AS "versionId", seq, is_null AS "isNull",
                size_bytes AS "sizeBytes", etag, at_ms AS "atMs", origin, detail FROM (${some})`,
        values: [limit],
      },
      {
        sql: `SELECT id, bucket, owner, owner_account AS "ownerAccount", region, configuration FROM notifications
              WHERE id IN (SELECT notification_id FROM (${some}))`,
        values: [limit],
      },
      { sql: "SELECT DISTINCT target FROM undelivered", values: [] },
      { sql: `SELECT EXISTS (SELECT 1 FROM publications) AS "hasPublications"`, values: [] },
    ]);
    return {
      news: news.map((row) => ({
        ...row,
        isNull: row.isNull === 1,
        origin: row.origin && JSON.parse(row.origin),
        detail: row.detail && JSON.parse(row.detail),
      })),
      listeners,
      waiting: waiting.map(({ target }) => target),
      hasPublications: publications[0]?.hasPublications === 1,
    };
  }

  /**
   * Takes news out of the outbox, with whatever `beside` it does in the same batch, and keeps messages that cannot be delivered at once.
   * Throws `GuardError` news_taken where somebody else has taken some of it: nothing is applied then.
   */
  async take(ids: readonly number[], later: readonly UndeliveredRow[], beside: readonly Statement[]): Promise<void> {
    const list = JSON.stringify(ids);
    const there = "(SELECT count(*) FROM outbox WHERE id IN (SELECT value FROM json_each(?1))) = ?2";
    await this.#database.batch([
      require("news_taken", there, [list, ids.length]),
      ...beside,
      ...Array.from({ length: Math.ceil(later.length / KEPT_AT_ONCE) }, (_, at) =>
        keep(later.slice(KEPT_AT_ONCE * at, KEPT_AT_ONCE * (at + 1))),
      ),
      { sql: "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?1))", values: [list] },
    ]);
  }

  /**
   * The oldest messages of each target whose time has come, up to `limit` a target, for one who has them until `untilMs`: nobody else
   * gets them before. A target whose oldest message somebody has, or which is to be left alone for a while, gives none.
   */
  async claim({ nowMs, untilMs, limit }: { nowMs: number; untilMs: number; limit: number }): Promise<UndeliveredRow[]> {
    const due = "(SELECT u.next_ms FROM undelivered u WHERE u.target = t.target ORDER BY u.place LIMIT 1) <= ?1";
    const rows = await this.#database.all<UndeliveredRow>(
      `UPDATE undelivered SET next_ms = ?2, attempts = attempts + 1
       WHERE (target, place) IN (
         SELECT m.target, m.place FROM (SELECT DISTINCT target FROM undelivered) t
           JOIN undelivered m ON m.target = t.target
             AND m.place IN (SELECT o.place FROM undelivered o WHERE o.target = t.target ORDER BY o.place LIMIT ?3)
         WHERE ${due})
       RETURNING target, place, message, since_ms AS "sinceMs", attempts`,
      nowMs,
      untilMs,
      limit,
    );
    return rows.sort((a, b) => a.place - b.place);
  }

  /** What became of messages that were claimed: delivered or given up ones go, others wait until `nextMs`. */
  async settle(
    gone: readonly Pick<UndeliveredRow, "target" | "place">[],
    waiting: readonly (Pick<UndeliveredRow, "target" | "place"> & { nextMs: number; failure: string })[],
    beside: readonly Statement[] = [],
  ): Promise<void> {
    await this.#database.batch([
      ...beside,
      {
        sql: `DELETE FROM undelivered WHERE (target, place) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`,
        values: [JSON.stringify(gone.map(({ target, place }) => [target, place]))],
      },
      {
        sql: `UPDATE undelivered SET next_ms = j.value ->> 2, failure = j.value ->> 3 FROM json_each(?1) j
              WHERE target = j.value ->> 0 AND place = j.value ->> 1`,
        values: [JSON.stringify(waiting.map(({ target, place, nextMs, failure }) => [target, place, nextMs, failure]))],
      },
    ]);
  }

  /** How much is on its way: fresh news, messages that wait for their targets, and since when the oldest of these does. */
  async backlog(): Promise<{ fresh: number; undelivered: number; oldestMs: number | null }> {
    const [row] = await this.#database.all<{ fresh: number; undelivered: number; oldestMs: number | null }>(
      `SELECT (SELECT count(*) FROM outbox) AS fresh, (SELECT count(*) FROM undelivered) AS undelivered,
         (SELECT min(since_ms) FROM undelivered) AS "oldestMs"`,
    );
    return row ?? { fresh: 0, undelivered: 0, oldestMs: null };
  }

  /** Forgets configurations that were replaced before `beforeMs` and that no news asks for any more. Gives how many. */
  async forgetReplaced(beforeMs: number): Promise<number> {
    const rows = await this.#database.all<{ id: string }>(
      `DELETE FROM notifications WHERE replaced_ms < ?1 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.notification_id = notifications.id)
       RETURNING id`,
      beforeMs,
    );
    return rows.length;
  }
}

function keep(rows: readonly UndeliveredRow[]): Statement {
  return {
    sql: `INSERT OR IGNORE INTO undelivered (target, place, message, since_ms, attempts, next_ms)
          SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 0 FROM json_each(?1)`,
    values: [
      JSON.stringify(
        rows.map(({ target, place, message, sinceMs, attempts }) => [target, place, message, sinceMs, attempts]),
      ),
    ],
  };
}
