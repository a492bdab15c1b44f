import type { AccessMemory } from "../buckets/access-memory.ts";
import { type AdmittedBucket, requireAdmitted } from "../buckets/buckets.ts";
import type { Database } from "../database.ts";
import { type BucketRow, bucketColumns, type RawBucket } from "../rows.ts";

/** A bucket whose requests are logged. */
export interface LoggedBucket {
  readonly id: number;
  readonly name: string;
  /** Canonical id. */
  readonly owner: string;
  readonly ownerAccount: string | null;
  readonly region: string;
  /** JSON. */
  readonly logging: string;
}

/** Lines of one bucket and day that one isolate has kept together. */
export interface LineRow {
  readonly bucketId: number;
  /** `2026-11-29`, of the requests. */
  readonly day: string;
  /** Each ends with a line break. */
  readonly lines: string;
}

/** Lines that become one object. */
export interface LineBatch {
  readonly batch: string;
  readonly day: string;
  /** Null: the bucket is gone, or logs no longer. */
  readonly bucket: LoggedBucket | null;
  readonly lines: readonly string[];
}

const LOGGED = `b.id, b.name, b.owner, b.owner_account AS "ownerAccount", b.region, b.logging`;

/** Server access logs of buckets, in one database. Each method is one round trip. */
export class AccessLogTable {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** The bucket and its configuration as JSON text, null where it has none; null where there is no such bucket. */
  async find(name: string): Promise<{ bucket: BucketRow; configuration: string | null } | null> {
    const known = this.#memory.of(name);
    const [row] = await this.#database.all<RawBucket & { text: string | null }>(
      `SELECT ${bucketColumns("?2")}, logging AS text FROM buckets WHERE name = ?1`,
      name,
      known?.id ?? null,
    );
    if (!row) return null;
    const { text, ...bucket } = row;
    return { bucket: this.#memory.complete(bucket, known), configuration: text };
  }

  /** Sets the configuration (JSON text), or takes it away. Throws `GuardError` no_such_bucket, bucket_access_changed. */
  async set(name: string, configuration: string | null, admitted: AdmittedBucket | null): Promise<void> {
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      { sql: "UPDATE buckets SET logging = ?2 WHERE name = ?1", values: [name, configuration] },
    ]);
  }

  /** Those of the names that log. */
  async logged(names: readonly string[]): Promise<LoggedBucket[]> {
    return this.#database.all(
      `SELECT ${LOGGED} FROM buckets b WHERE b.name IN (SELECT value FROM json_each(?1)) AND b.logging IS NOT NULL`,
      JSON.stringify(names),
    );
  }

  /** Keeps lines; once this resolves they outlive any crash. */
  async append(rows: readonly LineRow[]): Promise<void> {
    await this.#database.all(
      "INSERT INTO access_log_lines (bucket_id, day, lines) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)",
      JSON.stringify(rows.map(({ bucketId, day, lines }) => [bucketId, day, lines])),
    );
  }

  /**
   * Lines of one bucket and day, up to `bytes` of them, for one who makes an object of them under the name of the batch. Those of a batch
   * that somebody began before `abandonedMs` come first, under its name. Null: none are left.
   */
  async claim(
    batch: string,
    { nowMs, abandonedMs, bytes }: { nowMs: number; abandonedMs: number; bytes: number },
  ): Promise<LineBatch | null> {
    const abandoned =
      "(SELECT batch FROM access_log_lines WHERE batch IS NOT NULL AND batch_ms < ?2 ORDER BY batch LIMIT 1)";
    const first = "(SELECT bucket_id, day FROM access_log_lines WHERE batch IS NULL ORDER BY id LIMIT 1)";
    const some = `SELECT id, sum(length(lines)) OVER (ORDER BY id) - length(lines) AS before FROM access_log_lines
      WHERE batch IS NULL AND (bucket_id, day) = ${first}`;
    type Raw = { batch: string; day: string; bucketId: number; lines: string };
    const taken = `(SELECT coalesce(${abandoned}, ?1))`;
    const [, rows, buckets] = await this.#database.batch<[unknown, Raw, LoggedBucket]>([
      {
        sql: `UPDATE access_log_lines SET batch = ?1, batch_ms = ?4
              WHERE ${abandoned} IS NULL AND id IN (SELECT id FROM (${some}) WHERE before < ?3)`,
        values: [batch, abandonedMs, bytes, nowMs],
      },
      {
        sql: `SELECT batch, day, bucket_id AS "bucketId", lines FROM access_log_lines WHERE batch = ${taken} ORDER BY id`,
        values: [batch, abandonedMs],
      },
      {
        sql: `SELECT ${LOGGED} FROM buckets b WHERE b.logging IS NOT NULL
              AND b.id = (SELECT bucket_id FROM access_log_lines WHERE batch = ${taken} LIMIT 1)`,
        values: [batch, abandonedMs],
      },
    ]);
    const [head] = rows;
    if (head === undefined) return null;
    return { batch: head.batch, day: head.day, bucket: buckets[0] ?? null, lines: rows.map(({ lines }) => lines) };
  }

  /** Gives a batch back: it is tried again as if somebody had just abandoned it. */
  async postpone(batch: string, nowMs: number): Promise<void> {
    await this.#database.all("UPDATE access_log_lines SET batch_ms = ?2 WHERE batch = ?1", batch, nowMs);
  }

  /** The lines of a batch are in an object, or were given up. */
  async drop(batch: string): Promise<void> {
    await this.#database.all("DELETE FROM access_log_lines WHERE batch = ?1", batch);
  }
}
