import { requireBucketNamed } from "./buckets.ts";
import type { Database, Statement } from "./database.ts";
import {
  type BlobRow,
  type BucketRow,
  type ContentRow,
  type ExtentRow,
  type ObjectRow,
  parseBlob,
  parseJson,
  parseObject,
  type RawBlob,
  type RawObject,
} from "./rows.ts";
import { findBucket, findUpload, parseUpload, type RawUpload, type UploadRow } from "./upload-rows.ts";

/** Which bytes will probably be read; `offset` may be negative: that many from the end. */
export interface ReadWindow {
  offset: number;
  /** null: to the end. */
  length: number | null;
}

export interface FoundObject {
  bucket: BucketRow;
  /** null: the bucket has no such key. */
  object: (ObjectRow & ContentRow) | null;
  /** Blobs of the first `BLOBS_PER_READ` extents that the window touches. */
  blobs: BlobRow[];
}

/** So many blobs come with the object's own row; further ones are fetched as the reader gets there. */
export const BLOBS_PER_READ = 64;

const OBJECT_COLUMNS =
  "o.key, o.id, o.size_bytes, o.etag, o.modified_ms, o.storage_class, o.checksum, o.attributes, o.parts";
const BUCKET_COLUMNS = `b.id AS "bucketId", b.name AS "bucketName", b.owner, b.region, b.created_ms AS "createdMs"`;

type RawFound = {
  bucketId: number;
  bucketName: string;
  owner: string;
  region: string;
  createdMs: number;
} & { [Name in keyof RawObject]: RawObject[Name] | null };

type RawOpened = RawFound & { extents: string | null; inline_body: string | null; blobs: string | null };

export interface CopyTarget {
  bucket: string;
  key: string;
  uploadId?: string;
}

export interface FoundForCopy {
  /** null: no such source bucket. */
  source: FoundObject | null;
  /** Of the target; null: no such bucket. */
  bucket: BucketRow | null;
  /** Of the target; null: none was asked for, or there is no such upload. */
  upload: UploadRow | null;
}

export class ObjectTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Bucket and object without its bytes, or null where there is no such bucket. */
  async head(bucket: string, key: string): Promise<{ bucket: BucketRow; object: ObjectRow | null } | null> {
    const [raw] = await this.#database.all<RawFound>(
      `SELECT ${BUCKET_COLUMNS}, ${OBJECT_COLUMNS}
       FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id AND o.key = ?2 WHERE b.name = ?1`,
      bucket,
      key,
    );
    return raw ? { bucket: bucketOf(raw), object: raw.id === null ? null : parseObject(raw as RawObject) } : null;
  }

  /** Bucket, object, its extents and the blobs that `window` touches, or null where there is no such bucket. */
  async open(bucket: string, key: string, window: ReadWindow): Promise<FoundObject | null> {
    const [rows] = await this.#database.batch<[RawOpened]>([openStatement(bucket, key, window)]);
    return rows[0] ? foundObject(rows[0]) : null;
  }

  /**
   * All that a copy needs, in one round trip: the source with all its extents but no blobs, the bucket that it goes to, and
   * the upload that it becomes a part of, if any.
   */
  async openForCopy(source: { bucket: string; key: string }, target: CopyTarget): Promise<FoundForCopy> {
    const nothing = { offset: 0, length: 0 };
    const [opened, buckets, uploads] = await this.#database.batch<[RawOpened, BucketRow, RawUpload]>([
      openStatement(source.bucket, source.key, nothing),
      findBucket(target.bucket),
      findUpload(target.bucket, target.key, target.uploadId ?? ""),
    ]);
    const upload = uploads[0] ? parseUpload(uploads[0]) : null;
    return { source: opened[0] ? foundObject(opened[0]) : null, bucket: buckets[0] ?? null, upload };
  }

  /** The id of the version that the key names now; null where there is none. */
  async currentId(bucketId: number, key: string): Promise<string | null> {
    const [row] = await this.#database.all<{ id: string }>(
      "SELECT id FROM objects WHERE bucket_id = ?1 AND key = ?2",
      bucketId,
      key,
    );
    return row?.id ?? null;
  }

  /** Deletes up to 1,000 keys at once; absent ones are as good as deleted. Throws `GuardError` no_such_bucket. */
  async delete(bucket: string, keys: readonly string[], nowMs: number): Promise<void> {
    const where = `bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND key IN (SELECT value FROM json_each(?2))`;
    const values = [bucket, JSON.stringify(keys)];
    await this.#database.batch([
      requireBucketNamed(bucket),
      {
        sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents)
              SELECT ?3, id, extents FROM objects WHERE ${where} AND extents IS NOT NULL`,
        values: [...values, nowMs],
      },
      { sql: `DELETE FROM objects WHERE ${where}`, values },
    ] satisfies Statement[]);
  }
}

function openStatement(bucket: string, key: string, window: ReadWindow): Statement {
  const from = "CASE WHEN ?3 < 0 THEN max(o.size_bytes + ?3, 0) ELSE ?3 END";
  const to = `CASE WHEN ?4 IS NULL THEN o.size_bytes ELSE ${from} + ?4 END`;
  const touched = `SELECT json_extract(e.value, '$[2]') FROM json_each(o.extents) e
     WHERE json_extract(e.value, '$[0]') < ${to}
       AND json_extract(e.value, '$[0]') + json_extract(e.value, '$[1]') > ${from} LIMIT ${BLOBS_PER_READ}`;
  return {
    sql: `SELECT ${BUCKET_COLUMNS}, ${OBJECT_COLUMNS}, o.extents, o.inline_body,
            CASE WHEN o.extents IS NOT NULL THEN
              (SELECT json_group_array(json_object('id', bl.id, 'k', bl.k, 'm', bl.m, 'block_bytes', bl.block_bytes,
                 'size_bytes', bl.size_bytes, 'crc64nvme', bl.crc64nvme, 'shards', bl.shards))
               FROM blobs bl WHERE bl.id IN (${touched})) END AS blobs
          FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id AND o.key = ?2 WHERE b.name = ?1`,
    values: [bucket, key, window.offset, window.length],
  };
}

function foundObject(raw: RawOpened): FoundObject {
  if (raw.id === null) return { bucket: bucketOf(raw), object: null, blobs: [] };
  const content = { extents: parseJson<ExtentRow[]>(raw.extents), inlineBody: raw.inline_body };
  const blobs = (parseJson<RawBlob[]>(raw.blobs) ?? []).map(parseBlob);
  return { bucket: bucketOf(raw), object: { ...parseObject(raw as RawObject), ...content }, blobs };
}

function bucketOf(raw: RawFound): BucketRow {
  return { id: raw.bucketId, name: raw.bucketName, owner: raw.owner, region: raw.region, createdMs: raw.createdMs };
}
