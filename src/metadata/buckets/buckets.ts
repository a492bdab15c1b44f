import { type Database, require, type Statement, TakenError } from "../database.ts";
import { type DriveTable, NOTICES } from "../drives/drives.ts";
import { type BucketRow, bucketColumns, type RawBucket, type TagRow } from "../rows.ts";
import { roomOf } from "../usage/quotas.ts";
import type { BucketAccess, PublicAccessBlock } from "./access.ts";
import type { AccessMemory, KnownAccess } from "./access-memory.ts";
import { requireIdentity } from "./identity.ts";
import { NAMED_KINDS } from "./named-kinds.ts";

export type NewBucket = Omit<BucketRow, "id" | "notificationId" | "lifecycle" | "ownerRate"> & {
  /** By kind, as `configure` sets them. */
  configuration: Readonly<Record<string, unknown>>;
};

/** What a change was decided on. Absent parts of a batch's parameters: nobody decides, any bucket of the name will do. */
export type AdmittedBucket = Pick<BucketRow, "name" | "owner" | "accessId" | "notificationId">;

/** Buckets that an isolate remembers, and for how long at most. */
const REMEMBERED_MAX = 1_000;
const REMEMBERED_MS = 60_000;

export class BucketTable {
  readonly #database: Database;
  readonly #name: string;
  readonly #memory: AccessMemory;
  /** Their access settings and lifecycles lie in `#memory`. */
  readonly #remembered: Map<
    string,
    { row: Omit<BucketRow, "access" | "lifecycle">; untilMs: number; roomBytes: number }
  >;

  readonly #drives: Pick<DriveTable, "tell">;

  /**
   * `name`: what the database is called. `drives` is told of drives in trouble whenever a bucket is learned. `sharing`: the table whose
   * memory this one has too.
   */
  constructor(
    database: Database,
    name: string,
    {
      memory,
      drives,
      sharing,
    }: { memory: AccessMemory; drives: Pick<DriveTable, "tell">; sharing?: BucketTable | undefined },
  ) {
    this.#database = database;
    this.#name = name;
    this.#memory = memory;
    this.#drives = drives;
    this.#remembered = sharing === undefined ? new Map() : sharing.#remembered;
  }

  /** A page of the owner's buckets by name, after `after`; one more than `limit` if there are more. */
  list(options: {
    owner: string;
    prefix: string;
    after: string;
    limit: number;
  }): Promise<Pick<BucketRow, "name" | "createdMs" | "region">[]> {
    return this.#database.all(
      `SELECT name, created_ms AS "createdMs", region FROM buckets
       WHERE name > ?1 AND name >= ?2 AND name < ?2 || CAST(x'FF' AS TEXT) AND owner = ?3 ORDER BY name LIMIT ?4`,
      options.after,
      options.prefix,
      options.owner,
      options.limit + 1,
    );
  }

  /** All of an account's buckets with their settings, up to `limit`, and those of `names`, whosesoever they are. */
  async settings(options: {
    ownerAccount: string;
    isFirst: boolean;
    names: readonly string[] | null;
    limit: number;
  }): Promise<BucketRow[]> {
    const rows = await this.#database.all<RawBucket>(
      `SELECT ${bucketColumns("''")} FROM buckets
       WHERE CASE WHEN ?3 IS NOT NULL THEN name IN (SELECT value FROM json_each(?3))
         ELSE owner_account = ?1 OR (?2 = 1 AND owner_account IS NULL) END ORDER BY name LIMIT ?4`,
      options.ownerAccount,
      options.isFirst ? 1 : 0,
      options.names === null ? null : JSON.stringify(options.names),
      options.limit,
    );
    return rows.map((row) => this.#memory.complete(row, null));
  }

  async find(name: string): Promise<BucketRow | null> {
    const known = this.#memory.of(name);
    const [[row]] = await this.#database.batch<[RawBucket]>([findBucket(name, known)]);
    return row ? this.#memory.complete(row, known) : null;
  }

  /**
   * The bucket as it was within the last minute, or null where nothing is remembered. It costs no round trip, and is right only for
   * a batch that `requireRules` guards: that fails if the bucket has been replaced.
   */
  recall(name: string, nowMs: number): BucketRow | null {
    const known = this.#remembered.get(name);
    if (known === undefined || nowMs >= known.untilMs) return null;
    const { row } = known;
    if (row.accessId === null) return { ...row, access: null, lifecycle: null };
    const settings = this.#memory.of(name);
    if (settings?.id !== row.accessId) return null;
    return { ...row, access: settings.access, lifecycle: settings.lifecycle };
  }

  /** Bytes that quotas left to the bucket when it was last learned. Only the commit knows for sure. */
  recalledRoom(name: string): number {
    return this.#remembered.get(name)?.roomBytes ?? Number.POSITIVE_INFINITY;
  }

  /** As `find`, and remembers it. In the same round trip the isolate hears of drives in trouble: once a minute before it writes. */
  async learn(name: string, nowMs: number): Promise<BucketRow | null> {
    const known = this.#memory.of(name);
    const [[raw], notices, [room]] = await this.#database.batch<[RawBucket, unknown, { bytes: number }]>([
      findBucket(name, known),
      NOTICES,
      roomOf(name),
    ]);
    this.#drives.tell(notices);
    const row = raw ? this.#memory.complete(raw, known) : null;
    this.#remembered.delete(name);
    if (row === null) return null;
    const { access: _, lifecycle: _lifecycle, ...remembered } = row;
    const roomBytes = room?.bytes ?? Number.POSITIVE_INFINITY;
    this.#remembered.set(name, { row: remembered, untilMs: nowMs + REMEMBERED_MS, roomBytes });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    return row;
  }

  /**
   * Creates it, or returns the owner of the bucket that has the name already. Throws `GuardError` bucket_elsewhere if the name
   * is of another database, wrong_database if this is not the database that it is taken for. The account's public access block
   * is taken over in the same batch.
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
          sql: `INSERT INTO buckets (name, owner, region, created_ms, versioning, object_lock, configuration, owner_account,
                  access, access_id)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
                  CASE WHEN a.block IS NULL THEN ?9 ELSE json_set(coalesce(?9, '{}'), '$.accountBlock', json(a.block)) END,
                  CASE WHEN a.block IS NULL AND ?9 IS NULL THEN NULL ELSE ?10 END
                FROM (SELECT 1) LEFT JOIN account_access a ON a.owner = ?2`,
          values: [
            bucket.name,
            bucket.owner,
            bucket.region,
            bucket.createdMs,
            bucket.versioning,
            bucket.objectLock,
            JSON.stringify(bucket.configuration),
            bucket.ownerAccount,
            bucket.access === null ? null : JSON.stringify(bucket.access),
            bucket.accessId,
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
   * Deletes an empty bucket; its unfinished uploads are aborted and its configurations go with it, as on S3. Throws `GuardError` no_such_bucket or
   * bucket_not_empty.
   */
  async delete(name: string, nowMs: number, admitted: AdmittedBucket | null = null): Promise<void> {
    const bucketId = "(SELECT id FROM buckets WHERE name = ?1)";
    const uploads = `(SELECT id FROM uploads WHERE bucket_id = ${bucketId})`;
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      require("bucket_not_empty", `NOT EXISTS (SELECT 1 FROM objects WHERE bucket_id = ${bucketId})`, [name]),
      require("bucket_not_empty", `NOT EXISTS (SELECT 1 FROM versions WHERE bucket_id = ${bucketId})`, [name]),
      {
        sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents)
              SELECT ?2, id, extents FROM parts WHERE upload_id IN ${uploads}`,
        values: [name, nowMs],
      },
      { sql: `DELETE FROM parts WHERE upload_id IN ${uploads}`, values: [name] },
      { sql: `DELETE FROM uploads WHERE bucket_id = ${bucketId}`, values: [name] },
      { sql: `DELETE FROM lifecycles WHERE bucket_id = ${bucketId}`, values: [name] },
      {
        sql: `DELETE FROM named_configurations WHERE kind IN (SELECT value FROM json_each(?2)) AND bucket_id = ${bucketId}`,
        values: [name, JSON.stringify(NAMED_KINDS)],
      },
      { sql: "DELETE FROM buckets WHERE name = ?1", values: [name] },
    ]);
  }

  /** Turns versioning on or off. Throws `GuardError` no_such_bucket, or bucket_changed where object lock needs it enabled. */
  async setVersioning(
    name: string,
    versioning: "enabled" | "suspended",
    admitted: AdmittedBucket | null = null,
  ): Promise<void> {
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      ...(versioning === "suspended"
        ? [require("bucket_changed", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND object_lock IS NULL)", [name])]
        : []),
      { sql: "UPDATE buckets SET versioning = ?2 WHERE name = ?1", values: [name, versioning] },
    ]);
  }

  /** Sets the object lock configuration (JSON). Throws `GuardError` no_such_bucket, or bucket_changed without versioning. */
  async setObjectLock(name: string, configuration: string, admitted: AdmittedBucket | null = null): Promise<void> {
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      require("bucket_changed", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND versioning = 'enabled')", [name]),
      { sql: "UPDATE buckets SET object_lock = ?2 WHERE name = ?1", values: [name, configuration] },
    ]);
  }

  /** The bucket and one of its configurations (`cors`, `tagging` …) as JSON text; null if it is not set. */
  async configuration(name: string, kind: string): Promise<{ bucket: BucketRow; value: string | null } | null> {
    const known = this.#memory.of(name);
    const [row] = await this.#database.all<RawBucket & { value: string | null }>(
      `SELECT ${bucketColumns("?3")}, configuration -> ?2 AS value FROM buckets WHERE name = ?1`,
      name,
      `$.${kind}`,
      known?.id ?? null,
    );
    if (!row) return null;
    const { value, ...bucket } = row;
    return { bucket: this.#memory.complete(bucket, known), value };
  }

  /** Sets one of the bucket's configurations, or takes it away (null). Throws `GuardError` no_such_bucket. */
  async configure(
    name: string,
    { kind, value }: { kind: string; value: unknown },
    admitted: AdmittedBucket | null = null,
  ): Promise<void> {
    const set = value === null ? "json_remove(configuration, ?2)" : "json_set(configuration, ?2, json(?3))";
    const values = value === null ? [name, `$.${kind}`] : [name, `$.${kind}`, JSON.stringify(value)];
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      { sql: `UPDATE buckets SET configuration = ${set} WHERE name = ?1`, values },
    ]);
  }

  /**
   * Sets the bucket's tags, or takes them away (null), if they still are `was` (JSON text). Where they decide who may reach the bucket,
   * its access settings change with them, and get the id. Throws `GuardError` no_such_bucket, bucket_access_changed, and bucket_changed if
   * the tags are others by now, or `abac` does not say whether they decide.
   */
  async setTags(
    name: string,
    { tags, was, abac, id }: { tags: readonly TagRow[] | null; was: string | null; abac: boolean; id: string },
    admitted: AdmittedBucket | null = null,
  ): Promise<void> {
    const unchanged = `EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND configuration -> '$.tagging' IS ?2
      AND (access -> '$.abac' IS NOT NULL) = ?3)`;
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      require("bucket_changed", unchanged, [name, was, abac ? 1 : 0]),
      {
        sql: `UPDATE buckets SET
                configuration = CASE WHEN ?2 IS NULL THEN json_remove(configuration, '$.tagging')
                  ELSE json_set(configuration, '$.tagging', json(?2)) END,
                access = CASE WHEN ?3 THEN json_set(access, '$.abac', json(coalesce(?2, '[]'))) ELSE access END,
                access_id = CASE WHEN ?3 THEN ?4 ELSE access_id END
              WHERE name = ?1`,
        values: [name, tags && JSON.stringify(tags), abac ? 1 : 0, id],
      },
    ]);
  }

  /** As `setTags`, whatever they were, of a bucket whose tags do not decide: bucket_changed if they do. */
  async replaceTags(
    name: string,
    tags: readonly TagRow[] | null,
    admitted: AdmittedBucket | null = null,
  ): Promise<void> {
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      require("bucket_changed", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND access -> '$.abac' IS NULL)", [
        name,
      ]),
      {
        sql: `UPDATE buckets SET configuration = CASE WHEN ?2 IS NULL THEN json_remove(configuration, '$.tagging')
                ELSE json_set(configuration, '$.tagging', json(?2)) END
              WHERE name = ?1`,
        values: [name, tags && JSON.stringify(tags)],
      },
    ]);
  }

  /** Makes the bucket's tags decide who may reach it, or not. Throws `GuardError` no_such_bucket, bucket_access_changed. */
  async setAbac(
    name: string,
    { isEnabled, id }: { isEnabled: boolean; id: string },
    admitted: AdmittedBucket | null = null,
  ): Promise<void> {
    const access = isEnabled
      ? "json_set(coalesce(access, '{}'), '$.abac', coalesce(configuration -> '$.tagging', json('[]')))"
      : "json_remove(coalesce(access, '{}'), '$.abac')";
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      { sql: `UPDATE buckets SET access = ${access}, access_id = ?2 WHERE name = ?1`, values: [name, id] },
    ]);
  }

  /**
   * Sets one part of the bucket's access settings, or takes it away (null). `id` becomes that of the settings: every write that
   * was decided on others fails. Throws `GuardError` no_such_bucket, bucket_access_changed.
   */
  async setAccess(
    name: string,
    { part, value, id }: { part: keyof BucketAccess; value: unknown; id: string },
    admitted: AdmittedBucket | null = null,
  ): Promise<void> {
    const path = `$.${part}`;
    const set =
      value === null ? "json_remove(coalesce(access, '{}'), ?3)" : "json_set(coalesce(access, '{}'), ?3, json(?4))";
    const values = value === null ? [name, id, path] : [name, id, path, JSON.stringify(value)];
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      { sql: `UPDATE buckets SET access = ${set}, access_id = ?2 WHERE name = ?1`, values },
    ]);
  }

  /** The public access block of an account; null: it has none. */
  async accountBlock(owner: string): Promise<PublicAccessBlock | null> {
    const [row] = await this.#database.all<{ block: string }>(
      "SELECT block FROM account_access WHERE owner = ?1",
      owner,
    );
    return row ? (JSON.parse(row.block) as PublicAccessBlock) : null;
  }

  /**
   * Sets the public access block of an account, or takes it away (null), for the buckets that this database has of it and for those
   * that are made in it later. `id` is fresh; the buckets' settings get ids that begin with it.
   */
  async setAccountBlock(owner: string, block: PublicAccessBlock | null, id: string): Promise<void> {
    const text = block && JSON.stringify(block);
    const set = block
      ? "json_set(coalesce(access, '{}'), '$.accountBlock', json(?2))"
      : "json_remove(coalesce(access, '{}'), '$.accountBlock')";
    await this.#database.batch([
      block
        ? { sql: "INSERT OR REPLACE INTO account_access (owner, block) VALUES (?1, ?2)", values: [owner, text] }
        : { sql: "DELETE FROM account_access WHERE owner = ?1", values: [owner] },
      {
        sql: `UPDATE buckets SET access = ${set}, access_id = ?3 || '-' || id
              WHERE owner = ?1 AND ?2 IS NOT access ->> '$.accountBlock'`,
        values: [owner, text, id],
      },
    ]);
  }
}

/** The statement that finds a bucket, for a `RawBucket`. `known`: what need not be read again of its access settings. */
export function findBucket(name: string, known: KnownAccess | null): Statement {
  return { sql: `SELECT ${bucketColumns("?2")} FROM buckets WHERE name = ?1`, values: [name, known?.id ?? null] };
}

/**
 * Fails the batch with no_such_bucket unless there is a bucket of this name, and with bucket_access_changed unless its owner and
 * its access settings are those that the change was decided on.
 */
export function requireAdmitted(name: string, admitted: AdmittedBucket | null): Statement[] {
  if (admitted === null) return [requireBucketNamed(name)];
  const { owner, accessId, notificationId } = admitted;
  const same = `EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND owner = ?2 AND access_id IS ?3 AND notification_id IS ?4)`;
  return [requireBucketNamed(name), require("bucket_access_changed", same, [name, owner, accessId, notificationId])];
}

/** Fails the batch with no_such_bucket unless there is a bucket of this name. */
function requireBucketNamed(name: string): Statement {
  return require("no_such_bucket", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1)", [name]);
}

/**
 * Fails the batch with no_such_bucket unless the bucket is still there (a new one of the same name has another id), and with
 * bucket_access_changed unless its access settings are those that it was found with.
 */
export function requireBucket({ id, accessId }: Pick<BucketRow, "id" | "accessId">): Statement[] {
  return [
    require("no_such_bucket", "EXISTS (SELECT 1 FROM buckets WHERE id = ?1)", [id]),
    require("bucket_access_changed", "EXISTS (SELECT 1 FROM buckets WHERE id = ?1 AND access_id IS ?2)", [
      id,
      accessId,
    ]),
  ];
}
