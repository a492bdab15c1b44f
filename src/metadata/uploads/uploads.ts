import type { AccessMemory, KnownAccess } from "../buckets/access-memory.ts";
import { findBucket, requireBucket } from "../buckets/buckets.ts";
import type { Database } from "../database.ts";
import { requireUpload } from "../objects/commit.ts";
import { type BucketRow, type ExtentRow, jsonOrNull, legalHoldNumber, type RawBucket } from "../rows.ts";
import { roomOf } from "../usage/quotas.ts";
import { findUpload, parseUpload, type RawUpload, type UploadRow } from "./upload-rows.ts";

export interface PartRow {
  partNumber: number;
  id: string;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  /** Base64 of the upload's algorithm; null if it has none. */
  checksum: string | null;
  /** 16 hex digits; null if it is not known (a range copied without reading it). */
  crc64nvme: string | null;
  extents: ExtentRow[];
}

export interface NewUpload extends UploadRow {
  bucket: Pick<BucketRow, "id" | "accessId">;
}

const PART_COLUMNS = `p.part_number AS "partNumber", p.id, p.size_bytes AS "sizeBytes", p.etag,
  p.modified_ms AS "modifiedMs", p.checksum, p.crc64nvme`;
type RawPart = Omit<PartRow, "extents"> & { extents: string };

/** An upload in its bucket; `upload` is null if the bucket has no such upload of that key. */
export interface FoundUpload {
  bucket: BucketRow;
  upload: UploadRow | null;
  /** Bytes that quotas leave. Absent: it was not looked at. */
  roomBytes?: number;
}

/** Unfinished multipart uploads. States: open → completed or aborted, and then the row is gone. */
export class UploadTable {
  readonly #database: Database;

  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  async create(upload: NewUpload): Promise<void> {
    const { bucket, ...row } = upload;
    await this.#database.batch([
      ...requireBucket(bucket),
      {
        sql: `INSERT INTO uploads (bucket_id, key, id, owner, storage_class, checksum_algorithm, checksum_type, attributes,
                initiated_ms, tags, retain_until_ms, retain_mode, legal_hold, event_hold)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
        values: [
          bucket.id,
          row.key,
          row.id,
          row.owner,
          row.storageClass,
          row.checksumAlgorithm,
          row.checksumType,
          JSON.stringify(row.attributes),
          row.initiatedMs,
          jsonOrNull(row.tags),
          row.lock.retainUntilMs,
          row.lock.retainMode,
          legalHoldNumber(row.lock.legalHold),
          jsonOrNull(row.lock.eventHold),
        ],
      },
    ]);
  }

  /** null: no such bucket. */
  async find(bucket: string, key: string, uploadId: string): Promise<FoundUpload | null> {
    const known = this.#memory.of(bucket);
    const [buckets, uploads, [room]] = await this.#database.batch<[RawBucket, RawUpload, { bytes: number }]>([
      findBucket(bucket, known),
      findUpload(bucket, key, uploadId),
      roomOf(bucket),
    ]);
    const found = this.#found(buckets, uploads, known);
    return found && { ...found, ...(room && { roomBytes: room.bytes }) };
  }

  /** The upload with a page of its parts after number `after`, one more than `limit` if there are more. */
  async parts(
    where: { bucket: string; key: string; uploadId: string },
    page: { after: number; limit: number },
  ): Promise<(FoundUpload & { parts: Omit<PartRow, "extents">[] }) | null> {
    const known = this.#memory.of(where.bucket);
    const [buckets, uploads, parts] = await this.#database.batch<[RawBucket, RawUpload, Omit<PartRow, "extents">]>([
      findBucket(where.bucket, known),
      findUpload(where.bucket, where.key, where.uploadId),
      {
        sql: `SELECT ${PART_COLUMNS} FROM parts p WHERE p.upload_id = ?1 AND p.part_number > ?2
              ORDER BY p.part_number LIMIT ?3`,
        values: [where.uploadId, page.after, page.limit + 1],
      },
    ]);
    const upload = this.#found(buckets, uploads, known);
    return upload && { ...upload, parts };
  }

  /** All that Complete needs, in one round trip: the upload, all its parts, and the object that the key names now. */
  async forCompletion(
    bucket: string,
    key: string,
    uploadId: string,
  ): Promise<(FoundUpload & { parts: PartRow[] }) | null> {
    const known = this.#memory.of(bucket);
    const [buckets, uploads, parts] = await this.#database.batch<[RawBucket, RawUpload, RawPart]>([
      findBucket(bucket, known),
      findUpload(bucket, key, uploadId),
      {
        sql: `SELECT ${PART_COLUMNS}, p.extents FROM parts p WHERE p.upload_id = ?1 ORDER BY p.part_number`,
        values: [uploadId],
      },
    ]);
    const upload = this.#found(buckets, uploads, known);
    return upload && { ...upload, parts: parts.map((part) => ({ ...part, extents: JSON.parse(part.extents) })) };
  }

  /**
   * Ends an upload; its parts go to the trash. Throws `GuardError` no_such_upload, and bucket_access_changed if the bucket's access
   * settings are not `accessId` any more (undefined: whatever they are).
   */
  async abort(
    where: { bucketId: number; accessId?: string | null; key: string; uploadId: string },
    nowMs: number,
  ): Promise<void> {
    const { bucketId, accessId, key, uploadId } = where;
    await this.#database.batch([
      requireUpload(bucketId, key, uploadId),
      ...(accessId === undefined ? [] : requireBucket({ id: bucketId, accessId })),
      {
        sql: "INSERT OR IGNORE INTO trash (dropped_ms, id, extents) SELECT ?2, id, extents FROM parts WHERE upload_id = ?1",
        values: [uploadId, nowMs],
      },
      { sql: "DELETE FROM parts WHERE upload_id = ?1", values: [uploadId] },
      {
        sql: "DELETE FROM uploads WHERE bucket_id = ?1 AND key = ?2 AND id = ?3",
        values: [bucketId, key, uploadId],
      },
    ]);
  }

  #found(buckets: RawBucket[], uploads: RawUpload[], known: KnownAccess | null): FoundUpload | null {
    const [bucket] = buckets;
    const [upload] = uploads;
    if (!bucket) return null;
    return { bucket: this.#memory.complete(bucket, known), upload: upload ? parseUpload(upload) : null };
  }

  /** Uploads begun before `beforeMs`, oldest first. */
  abandoned(beforeMs: number, limit: number): Promise<{ bucketId: number; key: string; uploadId: string }[]> {
    return this.#database.all(
      `SELECT bucket_id AS "bucketId", key, id AS "uploadId" FROM uploads WHERE initiated_ms < ?1
       ORDER BY initiated_ms LIMIT ?2`,
      beforeMs,
      limit,
    );
  }
}
