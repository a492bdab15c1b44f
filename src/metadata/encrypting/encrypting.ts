import type { VersionPlace, VersionTable } from "../blobs/packing.ts";
import type { Database } from "../database.ts";
import {
  type BucketRow,
  bucketColumns,
  type ChecksumRow,
  type ContentRow,
  type ExtentRow,
  parseJson,
  type RawBucket,
} from "../rows.ts";

/** How far the encryption of a bucket's plain versions has come. */
export interface EncryptionProgress {
  /** Versions that were encrypted, and their bytes. */
  encryptedVersions: number;
  encryptedBytes: number;
  encryptedAnnotations: number;
  /** Versions and annotations that could not be encrypted, in this pass over the bucket. */
  failed: number;
  /** Why, of the last one; null: none failed. */
  failure: string | null;
  /** Complete passes over the bucket. */
  passes: number;
  /** Versions that this pass has encrypted, or found changed when it tried. Another one follows unless there are none. */
  touchedInPass: number;
}

/** After which version a pass goes on; null: from the first. */
export type EncryptingPlace = Omit<VersionPlace, "bucketId"> | null;

export interface BucketEncryptionRun {
  bucketId: number;
  bucket: string;
  /** Another one whenever it is started. */
  runId: string;
  state: "running" | "done" | "stopped";
  startedMs: number;
  endedMs: number | null;
  place: EncryptingPlace;
  progress: EncryptionProgress;
}

/** A version of a bucket, in key order. */
export interface ScannedForEncryption {
  table: VersionTable;
  key: string;
  seq: number;
  id: string;
  isPlain: boolean;
  /** It has annotations that are plain. */
  hasPlainAnnotations: boolean;
}

/** All that it takes to encrypt a version. */
export interface PlainVersion extends ContentRow {
  id: string;
  sizeBytes: number;
  storageClass: string;
  checksum: ChecksumRow | null;
  /** JSON that the store wrote. */
  attributes: unknown;
}

const NO_PROGRESS: EncryptionProgress = {
  encryptedVersions: 0,
  encryptedBytes: 0,
  encryptedAnnotations: 0,
  failed: 0,
  failure: null,
  passes: 0,
  touchedInPass: 0,
};

const COLUMNS = `e.bucket_id AS "bucketId", (SELECT name FROM buckets WHERE id = e.bucket_id) AS bucket, e.run_id AS "runId", e.state,
  e.started_ms AS "startedMs", e.ended_ms AS "endedMs", e.place, e.progress`;

/** Which buckets' plain versions are to be encrypted. Each method is one round trip. */
export class EncryptingTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Begins with a bucket, or goes on with it if that is running. */
  async start(bucketId: number, runId: string, nowMs: number): Promise<void> {
    await this.#database.all(
      `INSERT INTO bucket_encryptions (bucket_id, run_id, state, started_ms, place, progress) VALUES (?1, ?2, 'running', ?3, ?4, ?5)
       ON CONFLICT (bucket_id) DO UPDATE SET run_id = excluded.run_id, state = 'running', started_ms = excluded.started_ms,
         ended_ms = NULL, busy_until_ms = 0, place = excluded.place, progress = excluded.progress
       WHERE state <> 'running'`,
      bucketId,
      runId,
      nowMs,
      JSON.stringify(null),
      JSON.stringify(NO_PROGRESS),
    );
  }

  /** Nothing further of it is begun. What is encrypted stays so. */
  async stop(bucketId: number, nowMs: number): Promise<void> {
    await this.#database.all(
      "UPDATE bucket_encryptions SET state = 'stopped', ended_ms = ?2 WHERE bucket_id = ?1 AND state = 'running'",
      bucketId,
      nowMs,
    );
  }

  async find(bucketId: number): Promise<BucketEncryptionRun | null> {
    const [raw] = await this.#database.all<RawRun>(
      `SELECT ${COLUMNS} FROM bucket_encryptions e WHERE e.bucket_id = ?1`,
      bucketId,
    );
    return raw?.bucket ? parseRun(raw) : null;
  }

  /** Those that are running and that nobody works on now; `null` buckets: they are gone, and so are these rows. */
  async due(nowMs: number, limit: number): Promise<BucketEncryptionRun[]> {
    const [, rows] = await this.#database.batch<[unknown, RawRun]>([
      { sql: "DELETE FROM bucket_encryptions WHERE bucket_id NOT IN (SELECT id FROM buckets)", values: [] },
      {
        sql: `SELECT ${COLUMNS} FROM bucket_encryptions e WHERE e.state = 'running' AND e.busy_until_ms <= ?1
              ORDER BY e.started_ms LIMIT ?2`,
        values: [nowMs, limit],
      },
    ]);
    return rows.map(parseRun);
  }

  /**
   * Takes a run for whoever works on it, until `untilMs` or `save`. Null: it was stopped, somebody else has it, or the bucket is
   * gone. The bucket comes with it, with the settings that it has now.
   */
  async claim(
    run: Pick<BucketEncryptionRun, "bucketId" | "runId">,
    nowMs: number,
    untilMs: number,
  ): Promise<BucketRow | null> {
    const [claimed, [raw]] = await this.#database.batch<[{ id: number }, RawBucket]>([
      {
        sql: `UPDATE bucket_encryptions SET busy_until_ms = ?4
              WHERE bucket_id = ?1 AND run_id = ?2 AND state = 'running' AND busy_until_ms <= ?3 RETURNING bucket_id AS id`,
        values: [run.bucketId, run.runId, nowMs, untilMs],
      },
      { sql: `SELECT ${bucketColumns("NULL")} FROM buckets b WHERE b.id = ?1`, values: [run.bucketId] },
    ]);
    if (claimed.length === 0 || !raw) return null;
    const { access, lifecycle, ownerRate } = raw;
    return {
      ...raw,
      access: parseJson(access),
      lifecycle: parseJson(lifecycle),
      ownerRate: parseJson(ownerRate),
    };
  }

  /** Keeps how far a run has come. Returns whether it goes on: it is still the same run, and was not stopped. */
  async save(
    { bucketId, runId, place, progress }: BucketEncryptionRun,
    { busyUntilMs, endedMs }: { busyUntilMs: number; endedMs: number | null },
  ): Promise<boolean> {
    const rows = await this.#database.all<{ state: string }>(
      `UPDATE bucket_encryptions SET place = ?3, progress = ?4, busy_until_ms = ?5,
         state = CASE WHEN ?6 IS NULL OR state <> 'running' THEN state ELSE 'done' END, ended_ms = coalesce(ended_ms, ?6)
       WHERE bucket_id = ?1 AND run_id = ?2 RETURNING state`,
      bucketId,
      runId,
      JSON.stringify(place),
      JSON.stringify(progress),
      busyUntilMs,
      endedMs,
    );
    return rows[0]?.state === "running";
  }

  /**
   * The versions of a bucket after `after`, by key and from newer to older, without delete markers. Both tables are read at once, so that a
   * version that moves from one to the other is not missed. `isEnd`: there are no more.
   */
  async page(
    bucketId: number,
    after: EncryptingPlace,
    limit: number,
  ): Promise<{ versions: ScannedForEncryption[]; isEnd: boolean }> {
    const { key, seq } = after ?? { key: "", seq: Number.MAX_SAFE_INTEGER };
    type Raw = Omit<ScannedForEncryption, "isPlain" | "hasPlainAnnotations"> & Record<"isPlain" | "hasPlain", number>;
    const part = (table: VersionTable, isVersion: string) =>
      `SELECT '${table}' AS "table", key, seq, id, attributes ->> '$.encryption' IS NULL AND ${isVersion} AS "isPlain",
         annotations > 0 AND EXISTS (SELECT 1 FROM annotations a WHERE a.version_id = o.id AND a.layers = 0) AS "hasPlain"
       FROM ${table} o WHERE bucket_id = ?1 AND key >= ?2 AND (key > ?2 OR seq < ?3)`;
    const rows = await this.#database.all<Raw>(
      `${part("objects", "TRUE")} UNION ALL ${part("versions", "is_marker = 0")} ORDER BY key, seq DESC LIMIT ?4`,
      bucketId,
      key,
      seq,
      limit,
    );
    return {
      versions: rows.map(({ isPlain, hasPlain, ...row }) => ({
        ...row,
        isPlain: isPlain === 1,
        hasPlainAnnotations: hasPlain === 1,
      })),
      isEnd: rows.length < limit,
    };
  }

  /** A version with where its bytes are; null where it is gone. */
  async version(table: VersionTable, { bucketId, key, seq }: VersionPlace): Promise<PlainVersion | null> {
    type Raw = Omit<PlainVersion, "checksum" | "extents"> &
      Record<"checksum" | "extents" | "attributes", string | null>;
    const [raw] = await this.#database.all<Raw>(
      `SELECT id, size_bytes AS "sizeBytes", storage_class AS "storageClass", checksum, attributes, extents, inline_body AS "inlineBody"
       FROM ${table} WHERE bucket_id = ?1 AND key = ?2 AND seq = ?3`,
      bucketId,
      key,
      seq,
    );
    if (!raw) return null;
    const { checksum, attributes, extents, ...row } = raw;
    const content = { extents: parseJson<ExtentRow[]>(extents), inlineBody: row.inlineBody };
    return { ...row, ...content, checksum: parseJson(checksum), attributes: parseJson(attributes) ?? {} };
  }
}

type RawRun = Omit<BucketEncryptionRun, "place" | "progress"> & { place: string; progress: string };

function parseRun(raw: RawRun): BucketEncryptionRun {
  return { ...raw, place: JSON.parse(raw.place), progress: JSON.parse(raw.progress) };
}
