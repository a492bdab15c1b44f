import { compareKeys } from "../../base/key-range.ts";
import type { Database, Statement } from "../database.ts";

/** What a bucket holds. Annotations and the parts of unfinished uploads are not in it. */
export interface Usage {
  /** Of all versions, current or not. */
  bytes: number;
  /** Versions that have content, current or not: what a quota of objects limits. */
  versions: number;
  /** Keys that have a current version. */
  objects: number;
  deleteMarkers: number;
}

export interface BucketUsage extends Usage {
  bucketId: number;
  bucket: string;
  /** Canonical id of the account. */
  owner: string;
  /** False while the counting job has not been through the bucket: the numbers are too small until then. */
  isCounted: boolean;
}

export interface AccountUsage extends Usage {
  owner: string;
  buckets: number;
  isCounted: boolean;
}

export interface UsageDay extends Usage {
  /** Days since 1970, UTC. */
  day: number;
}

const COLUMNS = `u.bucket_id AS "bucketId", b.name AS bucket, u.owner, u.bytes, u.versions, u.objects, u.markers AS "deleteMarkers",
  u.counted_to IS NULL AS "isCounted"`;

type Raw<T> = Omit<T, "isCounted"> & { isCounted: number };

/**
 * Usage, which triggers keep (migrations/0021_usage.sql): no statement of the store mentions it. Each method is one round trip unless it
 * says otherwise.
 */
export class UsageTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async ofBucket(bucket: string): Promise<BucketUsage | null> {
    const rows = await this.#database.all<Raw<BucketUsage>>(
      `SELECT ${COLUMNS} FROM buckets b JOIN usage u ON u.bucket_id = b.id WHERE b.name = ?1`,
      bucket,
    );
    return rows.map(counted)[0] ?? null;
  }

  /** A page of buckets by name, after `after`. */
  async buckets(after: string, limit: number): Promise<BucketUsage[]> {
    const rows = await this.#database.all<Raw<BucketUsage>>(
      `SELECT ${COLUMNS} FROM buckets b JOIN usage u ON u.bucket_id = b.id WHERE b.name > ?1 ORDER BY b.name LIMIT ?2`,
      after,
      limit,
    );
    return rows.map(counted);
  }

  /** The buckets that hold most. */
  async largest(limit: number): Promise<BucketUsage[]> {
    const rows = await this.#database.all<Raw<BucketUsage>>(
      `SELECT ${COLUMNS} FROM usage u JOIN buckets b ON b.id = u.bucket_id ORDER BY u.bytes DESC, b.name LIMIT ?1`,
      limit,
    );
    return rows.map(counted);
  }

  /** Every account that has a bucket here; `owner`: that one alone. */
  async accounts(owner: string | null = null): Promise<AccountUsage[]> {
    const rows = await this.#database.all<Raw<AccountUsage>>(
      `SELECT owner, sum(bytes) AS bytes, sum(versions) AS versions, sum(objects) AS objects, sum(markers) AS "deleteMarkers",
         count(*) AS buckets, min(counted_to IS NULL) AS "isCounted"
       FROM usage WHERE ?1 IS NULL OR owner = ?1 GROUP BY owner ORDER BY owner`,
      owner,
    );
    return rows.map(counted);
  }

  /** Days of a bucket, newest first. */
  days(bucketId: number, fromDay: number): Promise<UsageDay[]> {
    return this.#database.all<UsageDay>(
      `SELECT day, bytes, versions, objects, markers AS "deleteMarkers" FROM usage_days
       WHERE bucket_id = ?1 AND day >= ?2 ORDER BY day DESC`,
      bucketId,
      fromDay,
    );
  }

  /** Days of all buckets of an account, or of all accounts, added up, newest first. */
  accountDays(owner: string | null, fromDay: number): Promise<UsageDay[]> {
    return this.#database.all<UsageDay>(
      `SELECT day, sum(bytes) AS bytes, sum(versions) AS versions, sum(objects) AS objects, sum(markers) AS "deleteMarkers"
       FROM usage_days WHERE day >= ?2 AND (?1 IS NULL OR owner = ?1) GROUP BY day ORDER BY day DESC`,
      owner,
      fromDay,
    );
  }

  /** Writes down what every bucket holds, as the row of a day. Again on the same day: as it is then. */
  async writeDay(day: number): Promise<number> {
    const rows = await this.#database.all<{ day: number }>(
      `INSERT OR REPLACE INTO usage_days (bucket_id, day, bucket, owner, bytes, versions, objects, markers)
       SELECT u.bucket_id, ?1, b.name, u.owner, u.bytes, u.versions, u.objects, u.markers
       FROM usage u JOIN buckets b ON b.id = u.bucket_id RETURNING day`,
      day,
    );
    return rows.length;
  }

  /** Deletes the rows of days before this one. Returns how many. */
  async forgetDays(before: number): Promise<number> {
    const sql = "DELETE FROM usage_days WHERE day < ?1 RETURNING day";
    return (await this.#database.all(sql, before)).length;
  }

  /** A bucket that is still to be counted, and up to which key it is; null: all are counted. */
  async uncounted(): Promise<{ bucketId: number; countedTo: string } | null> {
    const [row] = await this.#database.all<{ bucketId: number; countedTo: string }>(
      `SELECT bucket_id AS "bucketId", counted_to AS "countedTo" FROM usage WHERE counted_to IS NOT NULL LIMIT 1`,
    );
    return row ?? null;
  }

  /**
   * Counts the next keys of a bucket, about `limit` rows. Two round trips. The sum and `counted_to` change in one statement, so a write
   * before it is in the sum, and a write after it is counted by the triggers. If another run has counted the same keys meanwhile,
   * nothing happens.
   */
  async countOn({ bucketId, countedTo }: { bucketId: number; countedTo: string }, limit: number): Promise<void> {
    const nth = (table: string) =>
      `(SELECT key FROM ${table} WHERE bucket_id = ?1 AND key > ?2 ORDER BY key LIMIT 1 OFFSET ?3)`;
    const [found] = await this.#database.all<{ a: string | null; b: string | null }>(
      `SELECT ${nth("objects")} AS a, ${nth("versions")} AS b`,
      bucketId,
      countedTo,
      limit,
    );
    const { a = null, b = null } = found ?? {};
    // The smaller key; null: fewer rows are left than a page has.
    const to = a === null || b === null ? (a ?? b) : compareKeys(a, b) <= 0 ? a : b;
    await this.#database.batch([countRange({ bucketId, from: countedTo, to })]);
  }
}

function countRange({ bucketId, from, to }: { bucketId: number; from: string; to: string | null }): Statement {
  // With "?3 IS NULL OR" SQLite would read to the end of the bucket.
  const range = `bucket_id = ?1 AND key > ?2${to === null ? "" : " AND key <= ?3"}`;
  const sum = (what: string, table: string) => `(SELECT coalesce(sum(${what}), 0) FROM ${table} WHERE ${range})`;
  return {
    sql: `UPDATE usage SET bytes = bytes + ${sum("size_bytes", "objects")} + ${sum("size_bytes", "versions")},
            versions = versions + ${sum("1", "objects")} + ${sum("is_marker = 0", "versions")},
            objects = objects + ${sum("1", "objects")}, markers = markers + ${sum("is_marker", "versions")}, counted_to = ?3
          WHERE bucket_id = ?1 AND counted_to = ?2`,
    values: [bucketId, from, to],
  };
}

function counted<T extends { isCounted: number }>(row: T): Omit<T, "isCounted"> & { isCounted: boolean } {
  return { ...row, isCounted: row.isCounted === 1 };
}
