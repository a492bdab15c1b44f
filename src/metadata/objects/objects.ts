import type { AccessMemory, KnownAccess } from "../buckets/access-memory.ts";
import { findBucket } from "../buckets/buckets.ts";
import type { Database, Statement } from "../database.ts";
import {
  type BlobRow,
  type BucketRow,
  type ContentRow,
  type ExtentRow,
  lifecycleColumn,
  OBJECT_COLUMNS,
  type ObjectRow,
  ownerRateColumn,
  parseBlob,
  parseJson,
  parseObject,
  type RawBlob,
  type RawBucket,
  type RawObject,
} from "../rows.ts";
import { findUpload, parseUpload, type RawUpload, type UploadRow } from "../uploads/upload-rows.ts";
import { SHARED_COLUMNS } from "./version-rules.ts";

/** Which version of a key: what it names now, its null version, or one by order and id. */
export type VersionRef = { kind: "current" } | { kind: "null" } | { kind: "id"; seq: number; id: string };

export interface ObjectRef {
  bucket: string;
  key: string;
  version: VersionRef;
}

/** Which bytes will probably be read; `offset` may be negative: that many from the end. */
export interface ReadWindow {
  offset: number;
  /** null: to the end. */
  length: number | null;
}

export interface MarkerRow {
  id: string;
  seq: number;
  isNull: boolean;
  modifiedMs: number;
}

export interface FoundHead {
  bucket: BucketRow;
  /** null: there is no such version, or it is a delete marker. */
  object: ObjectRow | null;
  /** The delete marker that was asked for, or that hides the key. */
  marker: MarkerRow | null;
}

export interface FoundObject extends FoundHead {
  object: (ObjectRow & ContentRow) | null;
  /** Blobs of the first `BLOBS_PER_READ` extents that the window touches. */
  blobs: BlobRow[];
}

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

/** So many blobs come with the object's own row; further ones are fetched as the reader gets there. */
export const BLOBS_PER_READ = 64;

export type RawHead = Omit<RawBucket, "id" | "name"> & { bucketId: number; bucketName: string } & {
  isMarker: number | null;
  hiddenBy: string | null;
} & {
  [Name in keyof RawObject]: RawObject[Name] | null;
};
type RawOpened = RawHead & { extents: string | null; inline_body: string | null; blobs: string | null };

export class ObjectTable {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** Bucket and object without its bytes, or null if there is no such bucket. */
  async head(ref: ObjectRef): Promise<FoundHead | null> {
    const known = this.#memory.of(ref.bucket);
    const [[raw]] = await this.#database.batch<[RawHead]>([headStatement(ref, known)]);
    return raw ? foundHead(raw, this.#memory, known) : null;
  }

  /** Bucket, object, its extents and the blobs that `window` touches, or null if there is no such bucket. */
  async open(ref: ObjectRef, window: ReadWindow): Promise<FoundObject | null> {
    const known = this.#memory.of(ref.bucket);
    const [rows] = await this.#database.batch<[RawOpened]>([openStatement(ref, window, known)]);
    return rows[0] ? this.#foundObject(rows[0], known) : null;
  }

  /**
   * All that a copy needs, in one round trip: the source with all its extents but no blobs, the bucket that it goes to, and
   * the upload that it becomes a part of, if any.
   */
  async openForCopy(from: ObjectRef, target: CopyTarget): Promise<FoundForCopy> {
    const nothing = { offset: 0, length: 0 };
    const [knownSource, knownTarget] = [this.#memory.of(from.bucket), this.#memory.of(target.bucket)];
    const [opened, buckets, uploads] = await this.#database.batch<[RawOpened, RawBucket, RawUpload]>([
      openStatement(from, nothing, knownSource),
      findBucket(target.bucket, knownTarget),
      findUpload(target.bucket, target.key, target.uploadId ?? ""),
    ]);
    const upload = uploads[0] ? parseUpload(uploads[0]) : null;
    const bucket = buckets[0] ? this.#memory.complete(buckets[0], knownTarget) : null;
    return { source: opened[0] ? this.#foundObject(opened[0], knownSource) : null, bucket, upload };
  }

  #foundObject(raw: RawOpened, known: KnownAccess | null): FoundObject {
    const { object, ...found } = foundHead(raw, this.#memory, known);
    if (!object) return { ...found, object: null, blobs: [] };
    const content = { extents: parseJson<ExtentRow[]>(raw.extents), inlineBody: raw.inline_body };
    const blobs = (parseJson<RawBlob[]>(raw.blobs) ?? []).map(parseBlob);
    return { ...found, object: { ...object, ...content }, blobs };
  }

  /** The order of the version that the key names now, if its id is this one; null otherwise. */
  async currentSeq(bucketId: number, key: string, id: string): Promise<number | null> {
    const [row] = await this.#database.all<{ seq: number }>(
      "SELECT seq FROM objects WHERE bucket_id = ?1 AND key = ?2 AND id = ?3",
      bucketId,
      key,
      id,
    );
    return row?.seq ?? null;
  }
}

/**
 * The parameters ?1 and ?2, as expressions. Where a join compares a column with a parameter itself, SQLite as workerd builds it
 * plans the statement again each time that the parameter is bound, in case its value should call for another plan.
 */
const BUCKET = "?1 || ''";
const KEY = "?2 || ''";

const HEAD_COLUMNS = `b.id AS "bucketId", b.name AS "bucketName", b.owner, b.region, b.created_ms AS "createdMs", b.versioning,
  b.object_lock AS "objectLock", b.owner_account AS "ownerAccount", ${ownerRateColumn("b.owner_account")},
  b.notification_id AS "notificationId", b.access_id AS "accessId",
  CASE WHEN b.access_id IS ?6 THEN NULL ELSE b.access END AS access,
  ${lifecycleColumn({ bucketId: "b.id", accessId: "b.access_id", known: "?6" })}, o.is_marker AS "isMarker", ${OBJECT_COLUMNS},
  CASE WHEN o.id IS NULL AND b.versioning IS NOT NULL AND ?5 = 'current' THEN
    (SELECT json_array(v.id, v.seq, v.is_null, v.modified_ms) FROM versions v
     WHERE v.bucket_id = b.id AND v.key = ${KEY} ORDER BY v.seq DESC LIMIT 1) END AS "hiddenBy"`;

/**
 * FROM and its parameters: ?1 bucket, ?2 key, ?3 seq, ?4 id, ?5 kind, ?6 the access settings that are known. The bucket's row, and beside it the version's or nulls.
 */
function source({ bucket, key, version }: ObjectRef, known: KnownAccess | null): Statement {
  const named = `bucket_id = (SELECT id FROM buckets WHERE name = ${BUCKET}) AND key = ${KEY}`;
  const current = (where: string) => `SELECT ${SHARED_COLUMNS}, 0 AS is_marker FROM objects WHERE ${named} ${where}`;
  const other = (where: string) => `SELECT ${SHARED_COLUMNS}, is_marker FROM versions WHERE ${named} ${where}`;
  const candidates = {
    current: current(""),
    null: `${current("AND is_null = 1")} UNION ALL ${other("AND is_null = 1")}`,
    id: `${current("AND seq = ?3 AND id = ?4 AND is_null = 0")} UNION ALL ${other("AND seq = ?3 AND id = ?4 AND is_null = 0")}`,
  };
  const [seq, id] = version.kind === "id" ? [version.seq, version.id] : [null, null];
  return {
    sql: `FROM buckets b LEFT JOIN (${candidates[version.kind]}) o ON true WHERE b.name = ${BUCKET}`,
    values: [bucket, key, seq, id, version.kind, known?.id ?? null],
  };
}

/** Returns a `RawHead`, or no row if there is no such bucket. */
export function headStatement(ref: ObjectRef, known: KnownAccess | null): Statement {
  const { sql, values } = source(ref, known);
  return { sql: `SELECT ${HEAD_COLUMNS} ${sql}`, values };
}

/** As `source`, with ?7 and ?8: the window's offset and length. */
function openStatement(ref: ObjectRef, window: ReadWindow, known: KnownAccess | null): Statement {
  const { sql, values } = source(ref, known);
  const from = "CASE WHEN ?7 < 0 THEN max(o.size_bytes + ?7, 0) ELSE ?7 END";
  const to = `CASE WHEN ?8 IS NULL THEN o.size_bytes ELSE ${from} + ?8 END`;
  const touched = `SELECT e.value ->> 2 FROM json_each(o.extents) e
     WHERE e.value ->> 0 < ${to} AND (e.value ->> 0) + (e.value ->> 1) > ${from} LIMIT ${BLOBS_PER_READ}`;
  return {
    sql: `SELECT ${HEAD_COLUMNS}, o.extents, o.inline_body,
            CASE WHEN o.extents IS NOT NULL THEN
              (SELECT json_group_array(json_object('id', bl.id, 'k', bl.k, 'm', bl.m, 'block_bytes', bl.block_bytes,
                 'size_bytes', bl.size_bytes, 'crc64nvme', bl.crc64nvme, 'shards', bl.shards))
               FROM blobs bl WHERE bl.id IN (${touched})) END AS blobs
          ${sql}`,
    values: [...values, window.offset, window.length],
  };
}

export function foundHead(raw: RawHead, memory: AccessMemory, known: KnownAccess | null): FoundHead {
  const { bucketId: id, bucketName: name, owner, region, createdMs, versioning, objectLock } = raw;
  const { ownerAccount, ownerRate, accessId, access, notificationId, lifecycle } = raw;
  const rules = { versioning, objectLock, accessId, access, notificationId, lifecycle };
  const rawBucket = { id, name, owner, region, createdMs, ownerAccount, ownerRate, ...rules };
  const bucket = memory.complete(rawBucket, known);
  if (raw.id === null) return { bucket, object: null, marker: hidingMarker(raw.hiddenBy) };
  const object = parseObject(raw as RawObject);
  if (raw.isMarker !== 1) return { bucket, object, marker: null };
  const { seq, isNull, modifiedMs } = object;
  return { bucket, object: null, marker: { id: object.id, seq, isNull, modifiedMs } };
}

function hidingMarker(json: string | null): MarkerRow | null {
  if (json === null) return null;
  const [id, seq, isNull, modifiedMs] = JSON.parse(json) as [string, number, number, number];
  return { id, seq, isNull: isNull === 1, modifiedMs };
}
