import { type Database, GuardError, require, type Statement, TakenError } from "./database.ts";
import type { BucketRow } from "./rows.ts";

const COLUMNS = `id, name, owner, region, created_ms AS "createdMs"`;

export class BucketTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A page of the owner's buckets by name, after `after`; one more than `limit` where there are more. */
  list(options: { owner: string; prefix: string; after: string; limit: number }): Promise<BucketRow[]> {
    return this.#database.all<BucketRow>(
      `SELECT ${COLUMNS} FROM buckets
       WHERE name > ?1 AND name >= ?2 AND name < ?2 || CAST(x'FF' AS TEXT) AND owner = ?3 ORDER BY name LIMIT ?4`,
      options.after,
      options.prefix,
      options.owner,
      options.limit + 1,
    );
  }

  async find(name: string): Promise<BucketRow | null> {
    const [row] = await this.#database.all<BucketRow>(`SELECT ${COLUMNS} FROM buckets WHERE name = ?1`, name);
    return row ?? null;
  }

  /** Creates it, or gives the owner of the bucket that has the name already. */
  async create(bucket: Omit<BucketRow, "id">): Promise<{ takenBy: string } | null> {
    try {
      await this.#database.all(
        "INSERT INTO buckets (name, owner, region, created_ms) VALUES (?1, ?2, ?3, ?4)",
        bucket.name,
        bucket.owner,
        bucket.region,
        bucket.createdMs,
      );
      return null;
    } catch (error) {
      if (!(error instanceof TakenError)) throw error;
      const taken = await this.find(bucket.name);
      return taken ? { takenBy: taken.owner } : this.create(bucket);
    }
  }

  /**
   * Deletes an empty bucket; its unfinished uploads are aborted with it, as on S3. Throws `GuardError` no_such_bucket or
   * bucket_not_empty.
   */
  async delete(name: string, nowMs: number): Promise<void> {
    const bucketId = "(SELECT id FROM buckets WHERE name = ?1)";
    const uploads = `(SELECT id FROM uploads WHERE bucket_id = ${bucketId})`;
    await this.#database.batch([
      requireBucketNamed(name),
      require("bucket_not_empty", `NOT EXISTS (SELECT 1 FROM objects WHERE bucket_id = ${bucketId})`, [name]),
      {
        sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents)
              SELECT ?2, id, extents FROM parts WHERE upload_id IN ${uploads}`,
        values: [name, nowMs],
      },
      { sql: `DELETE FROM parts WHERE upload_id IN ${uploads}`, values: [name] },
      { sql: `DELETE FROM uploads WHERE bucket_id = ${bucketId}`, values: [name] },
      { sql: "DELETE FROM buckets WHERE name = ?1", values: [name] },
    ]);
  }
}

/** Fails the batch with no_such_bucket unless there is a bucket of this name. */
export function requireBucketNamed(name: string): Statement {
  return require("no_such_bucket", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1)", [name]);
}

/** Fails the batch with no_such_bucket unless the bucket is still there (a new one of the same name has another id). */
export function requireBucket(bucketId: number): Statement {
  return require("no_such_bucket", "EXISTS (SELECT 1 FROM buckets WHERE id = ?1)", [bucketId]);
}

export function isGuard(error: unknown, guard: GuardError["guard"]): boolean {
  return error instanceof GuardError && error.guard === guard;
}
