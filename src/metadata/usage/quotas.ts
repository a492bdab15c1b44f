import { type Database, require, type Statement } from "../database.ts";

/** Limits of a bucket or an account. Null: none. `objects` count versions with content, current or not. */
export interface Quota {
  bytesMax: number | null;
  objectsMax: number | null;
  /** Crossing a soft limit raises an event and refuses nothing. */
  bytesSoft: number | null;
  objectsSoft: number | null;
}

/** A soft limit that was crossed upwards and has not been told yet. */
export interface Crossing {
  id: number;
  bucketId: number;
  /** Null: the bucket was deleted meanwhile. */
  bucket: string | null;
  owner: string;
  scope: "bucket" | "account";
  measure: "bytes" | "objects";
  used: number;
  soft: number;
}

/** What a write of known size finds out before its bytes are stored. */
export interface Room {
  /** Bytes that the bucket and its account may still grow by; null: no quota limits them. */
  bucketBytes: number | null;
  accountBytes: number | null;
  /** Bytes of the current version of the key, which a write may replace. */
  replacedBytes: number;
}

const COLUMNS = `bytes_max AS "bytesMax", objects_max AS "objectsMax", bytes_soft AS "bytesSoft", objects_soft AS "objectsSoft"`;
/** Bytes that quotas leave to the bucket of row `u` of usage, and to its account; null: none limits it. */
const LEFT = {
  bucket: "(SELECT q.bytes_max - u.bytes FROM quotas q WHERE q.bucket_id = u.bucket_id)",
  account: `(SELECT q.bytes_max - (SELECT sum(a.bytes) FROM usage a WHERE a.owner = u.owner)
    FROM account_quotas q WHERE q.owner = u.owner)`,
};
const valuesOf = ({ bytesMax, objectsMax, bytesSoft, objectsSoft }: Quota) =>
  [bytesMax, objectsMax, bytesSoft, objectsSoft] as const;

/**
 * Quotas. Triggers on table `usage` enforce them in the batch of each commit (migrations/0021_usage.sql). Each method is one round trip.
 */
export class QuotaTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async ofBucket(bucket: string): Promise<Quota | null> {
    const [row] = await this.#database.all<Quota>(
      `SELECT ${COLUMNS} FROM quotas WHERE bucket_id = (SELECT id FROM buckets WHERE name = ?1)`,
      bucket,
    );
    return row ?? null;
  }

  /** Sets the quota of a bucket, or takes it away (null). Throws `GuardError` no_such_bucket. */
  async setOfBucket(bucket: string, quota: Quota | null): Promise<void> {
    await this.#database.batch([
      require("no_such_bucket", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1)", [bucket]),
      quota === null
        ? { sql: "DELETE FROM quotas WHERE bucket_id = (SELECT id FROM buckets WHERE name = ?1)", values: [bucket] }
        : {
            sql: `INSERT OR REPLACE INTO quotas (bucket_id, bytes_max, objects_max, bytes_soft, objects_soft)
                  SELECT id, ?2, ?3, ?4, ?5 FROM buckets WHERE name = ?1`,
            values: [bucket, ...valuesOf(quota)],
          },
    ]);
  }

  /** The account's quota as it was put; `share`: what of it this database enforces. */
  async ofAccount(owner: string): Promise<{ whole: Quota; share: Quota } | null> {
    const [row] = await this.#database.all<Quota & { whole: string }>(
      `SELECT ${COLUMNS}, whole FROM account_quotas WHERE owner = ?1`,
      owner,
    );
    if (!row) return null;
    const { whole, ...share } = row;
    return { whole: JSON.parse(whole) as Quota, share };
  }

  /** Owners that have a quota here. */
  async owners(): Promise<string[]> {
    const rows = await this.#database.all<{ owner: string }>("SELECT owner FROM account_quotas ORDER BY owner");
    return rows.map(({ owner }) => owner);
  }

  async dropOfAccount(owner: string): Promise<void> {
    await this.#database.all("DELETE FROM account_quotas WHERE owner = ?1", owner);
  }

  /**
   * Sets this database's share of the account's quota. A hard limit is never set below what is used: returns the limits as they then
   * are, of which others may count on the rest.
   */
  async setShare(owner: string, whole: Quota, share: Quota): Promise<Quota> {
    const used = (column: string) => `(SELECT coalesce(sum(${column}), 0) FROM usage WHERE owner = ?1)`;
    const [row] = await this.#database.all<Quota>(
      `INSERT OR REPLACE INTO account_quotas (owner, bytes_max, objects_max, bytes_soft, objects_soft, whole)
       VALUES (?1, iif(?2 IS NULL, NULL, max(?2, ${used("bytes")})), iif(?3 IS NULL, NULL, max(?3, ${used("versions")})), ?4, ?5, ?6)
       RETURNING ${COLUMNS}`,
      owner,
      ...valuesOf(share),
      JSON.stringify(whole),
    );
    return row as Quota;
  }

  /** How much a write to this key may bring. */
  async room(bucketId: number, key: string | null): Promise<Room> {
    const [row] = await this.#database.all<Room>(
      `SELECT ${LEFT.bucket} AS "bucketBytes", ${LEFT.account} AS "accountBytes",
         coalesce((SELECT o.size_bytes FROM objects o WHERE o.bucket_id = ?1 AND o.key = ?2), 0) AS "replacedBytes"
       FROM usage u WHERE u.bucket_id = ?1`,
      bucketId,
      key,
    );
    return row ?? { bucketBytes: null, accountBytes: null, replacedBytes: 0 };
  }

  /** Soft limits that were crossed, oldest first. One that was crossed several times since it was told of is one, the last. */
  crossings(limit: number): Promise<Crossing[]> {
    return this.#database.all<Crossing>(
      `SELECT max(c.id) AS id, c.bucket_id AS "bucketId", b.name AS bucket, c.owner, c.scope, c.measure, c.used, c.soft
       FROM quota_crossings c LEFT JOIN buckets b ON b.id = c.bucket_id
       GROUP BY c.bucket_id, c.owner, c.scope, c.measure ORDER BY 1 LIMIT ?1`,
      limit,
    );
  }

  /** Takes crossings away with earlier ones of the same kind, and puts news of them into the outbox of buckets that somebody listens to, in one batch. */
  async told(ids: readonly number[], nowMs: number): Promise<void> {
    const value = JSON.stringify(ids);
    await this.#database.batch([
      {
        sql: `INSERT INTO outbox (notification_id, key, event, version_id, seq, is_null, size_bytes, etag, at_ms, origin)
              SELECT b.notification_id, '', iif(c.scope = 'bucket', 'Quota:BucketSoftLimit', 'Quota:AccountSoftLimit'),
                '', 0, 1, iif(c.measure = 'bytes', c.used, NULL), NULL, ?2, NULL
              FROM json_each(?1) j JOIN quota_crossings c ON c.id = j.value JOIN buckets b ON b.id = c.bucket_id
              WHERE b.notification_id IS NOT NULL RETURNING id`,
        values: [value, nowMs],
        isNews: true,
      },
      {
        sql: `DELETE FROM quota_crossings WHERE id IN (SELECT c.id FROM json_each(?1) j JOIN quota_crossings t ON t.id = j.value
                JOIN quota_crossings c USING (bucket_id, owner, scope, measure) WHERE c.id <= t.id)`,
        values: [value],
      },
    ]);
  }
}

/** Bytes that quotas leave to the bucket; 9e15: none limits it. No row: no such bucket. */
export function roomOf(bucket: string): Statement {
  return {
    sql: `SELECT min(coalesce(${LEFT.bucket}, 9e15), coalesce(${LEFT.account}, 9e15)) AS bytes
          FROM usage u WHERE u.bucket_id = (SELECT id FROM buckets WHERE name = ?1)`,
    values: [bucket],
  };
}
