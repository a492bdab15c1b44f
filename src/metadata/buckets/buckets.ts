import { type Database, require, type Statement, TakenError } from "../database.ts";
import { type DriveTable, NOTICES } from "../drives/drives.ts";
import { BUCKET_COLUMNS, type BucketRow } from "../rows.ts";
import { requireIdentity } from "./identity.ts";

export type NewBucket = Omit<BucketRow, "id"> & {
  /** By kind, as `configure` sets them. */
  configuration: Readonly<Record<string, unknown>>;
};

/** Buckets that an isolate remembers, and for how long at the most. */
const REMEMBERED_MAX = 1_000;
const REMEMBERED_MS = 60_000;

const FIND = `SELECT ${BUCKET_COLUMNS} FROM buckets WHERE name = ?1`;

export class BucketTable {
  readonly #database: Database;
  readonly #name: string;
  readonly #remembered = new Map<string, { row: BucketRow; untilMs: number }>();

  readonly #drives: Pick<DriveTable, "tell">;

  /** `name`: what the database is called. `drives` is told of drives in trouble whenever a bucket is learned. */
  constructor(database: Database, name: string, drives: Pick<DriveTable, "tell">) {
    this.#database = database;
    this.#name = name;
    this.#drives = drives;
  }

  /** A page of the owner's buckets by name, after `after`; one more than `limit` where there are more. */
  list(options: { owner: string; prefix: string; after: string; limit: number }): Promise<BucketRow[]> {
    return this.#database.all<BucketRow>(
      `SELECT ${BUCKET_COLUMNS} FROM buckets
       WHERE name > ?1 AND name >= ?2 AND name < ?2 || CAST(x'FF' AS TEXT) AND owner = ?3 ORDER BY name LIMIT ?4`,
      options.after,
      options.prefix,
      options.owner,
      options.limit + 1,
    );
  }

  async find(name: string): Promise<BucketRow | null> {
    const [row] = await this.#database.all<BucketRow>(FIND, name);
    return row ?? null;
  }

  /**
   * The bucket as it was within the last minute, or null where nothing is remembered. It costs no round trip, and is right only for
   * a batch that `requireRules` guards: that fails where the bucket is another one by now.
   */
  recall(name: string, nowMs: number): BucketRow | null {
    const known = this.#remembered.get(name);
    return known !== undefined && nowMs < known.untilMs ? known.row : null;
  }

  /** As `find`, and remembers it. In the same round trip the isolate hears of drives in trouble: once a minute before it writes. */
  async learn(name: string, nowMs: number): Promise<BucketRow | null> {
    const [[row], notices] = await this.#database.batch<[BucketRow, unknown]>([{ sql: FIND, values: [name] }, NOTICES]);
    this.#drives.tell(notices);
    this.#remembered.delete(name);
    if (row === undefined) return null;
    this.#remembered.set(name, { row, untilMs: nowMs + REMEMBERED_MS });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    return row;
  }

  /**
   * Creates it, or gives the owner of the bucket that has the name already. Throws `GuardError` bucket_elsewhere where the name
   * is of another database, wrong_database where this is not the database that it is taken for.
   */
  async create(bucket: NewBucket): Promise<{ takenBy: string } | null> {
    try {
      await this.#database.batch([
        ...requireIdentity(this.#name),
        require("bucket_elsewhere", "NOT EXISTS (SELECT 1 FROM placements WHERE bucket = ?1 AND database <> ?2)", [
          bucket.name,
          this.#name,
        ]),
        {
          sql: `INSERT INTO buckets (name, owner, region, created_ms, versioning, object_lock, configuration)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
          values: [
            bucket.name,
            bucket.owner,
            bucket.region,
            bucket.createdMs,
            bucket.versioning,
            bucket.objectLock,
            JSON.stringify(bucket.configuration),
          ],
        },
      ]);
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
      require("bucket_not_empty", `NOT EXISTS (SELECT 1 FROM versions WHERE bucket_id = ${bucketId})`, [name]),
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

  /** Turns versioning on or off. Throws `GuardError` no_such_bucket, or bucket_changed where object lock needs it enabled. */
  async setVersioning(name: string, versioning: "enabled" | "suspended"): Promise<void> {
    await this.#database.batch([
      requireBucketNamed(name),
      ...(versioning === "suspended"
        ? [require("bucket_changed", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND object_lock IS NULL)", [name])]
        : []),
      { sql: "UPDATE buckets SET versioning = ?2 WHERE name = ?1", values: [name, versioning] },
    ]);
  }

  /** Sets the object lock configuration (JSON). Throws `GuardError` no_such_bucket, or bucket_changed without versioning. */
  async setObjectLock(name: string, configuration: string): Promise<void> {
    await this.#database.batch([
      requireBucketNamed(name),
      require("bucket_changed", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND versioning = 'enabled')", [name]),
      { sql: "UPDATE buckets SET object_lock = ?2 WHERE name = ?1", values: [name, configuration] },
    ]);
  }

  /** One of the bucket's configurations (`cors`, `tagging` …) as JSON text; null where it is not set. */
  async configuration(name: string, kind: string): Promise<{ value: string | null } | null> {
    const [row] = await this.#database.all<{ value: string | null }>(
      "SELECT configuration -> ?2 AS value FROM buckets WHERE name = ?1",
      name,
      `$.${kind}`,
    );
    return row ?? null;
  }

  /** Sets one of the bucket's configurations, or takes it away (null). Throws `GuardError` no_such_bucket. */
  async configure(name: string, kind: string, value: unknown): Promise<void> {
    const set = value === null ? "json_remove(configuration, ?2)" : "json_set(configuration, ?2, json(?3))";
    const values = value === null ? [name, `$.${kind}`] : [name, `$.${kind}`, JSON.stringify(value)];
    await this.#database.batch([
      requireBucketNamed(name),
      { sql: `UPDATE buckets SET configuration = ${set} WHERE name = ?1`, values },
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
