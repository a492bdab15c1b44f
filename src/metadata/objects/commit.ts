import { type CarriedAnnotations, carryAnnotations, countCarried } from "../annotations/carried.ts";
import { noteMissing } from "../blobs/damage.ts";
import { requireBucket } from "../buckets/buckets.ts";
import { type Database, require, type Statement } from "../database.ts";
import { announceCurrent, type News } from "../events/outbox.ts";
import {
  type BlobRow,
  type BucketRow,
  type ChecksumRow,
  type ExtentRow,
  jsonOrNull,
  type LockRow,
  legalHoldNumber,
  type PartSummaryRow,
  type TagRow,
} from "../rows.ts";
import { makeRoom, nextSeq, ofKeys, type RuledBucket, requireRules, SHARED_COLUMNS } from "./version-rules.ts";

/** A version about to become the one that its key names. */
export interface NewVersion {
  /** With the rules that it was found with; a commit under other rules fails with bucket_changed. */
  bucket: RuledBucket & Pick<BucketRow, "lifecycle">;
  key: string;
  id: string;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  storageClass: string;
  checksum: ChecksumRow | null;
  tags: TagRow[] | null;
  lock: LockRow;
  attributes: unknown;
  parts: PartSummaryRow[] | null;
  /** As in a `ContentRow`. */
  extents: ExtentRow[] | null;
  inlineBody: string | null;
}

/** What must hold of the key's current version. ETags without quotes. */
export type CommitCondition = { ifNoneMatch: "*" } | { ifMatch: string };

export interface VersionCommit {
  version: NewVersion;
  /** Blobs written for this version, if any were. */
  blobs?: readonly BlobRow[];
  /** Blobs of other versions that this one refers to from now on, besides `blobs`. The referent is the version's id. */
  sharedBlobIds?: readonly string[];
  condition?: CommitCondition;
  /** Absent: it has none. */
  annotations?: CarriedAnnotations;
  /** The upload that this version completes, with the parts that it was made of: [part number, part id]. */
  completes?: { uploadId: string; parts: readonly (readonly [number, string])[] };
  /** For those who want to know of the bucket. */
  news: News | null;
}

export interface PartCommit {
  /** As it was found: a part that was decided on other access settings fails with bucket_access_changed. */
  bucket: Pick<BucketRow, "id" | "accessId">;
  key: string;
  uploadId: string;
  part: {
    partNumber: number;
    id: string;
    sizeBytes: number;
    etag: string;
    modifiedMs: number;
    checksum: string | null;
    crc64nvme: string | null;
    extents: ExtentRow[];
  };
  blobs?: readonly BlobRow[];
  sharedBlobIds?: readonly string[];
}

/**
 * Step 6 of the write protocol: the only statements that make bytes visible. Preconditions and version rules live here.
 * Each commit is one D1 batch: wholly applied or not at all, whatever stops. Committing the same thing twice is harmless.
 */
export class Commits {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Returns the version's `seq`. Throws `GuardError`: bucket_changed, exists_already, etag_differs, no_such_key,
   * object_changed, blob_gone, no_such_upload, part_changed.
   */
  async version(commit: VersionCommit): Promise<{ seq: number }> {
    const { version, condition, completes } = commit;
    const key = ofKeys([version.key]);
    const before = [
      requireRules(version.bucket),
      ...(completes ? requireParts(version, completes) : []),
      ...(condition ? requireCondition(version, condition) : []),
      ...(condition && completes ? [requireUnchangedSince(version, completes.uploadId)] : []),
      ...makeRoom(version.bucket, key, version.modifiedMs, version.id),
      ...refer(commit.blobs, commit.sharedBlobIds, version.id, version.modifiedMs),
      ...(completes ? finishUpload(version, completes) : []),
      ...(commit.annotations ? carry(version, commit.annotations) : []),
    ];
    const results = await this.#database.batch<{ seq: number }[]>([
      ...before,
      putVersion(version, countCarried(commit.annotations)),
      ...announceCurrent(version.bucket, key, commit.news),
    ]);
    return (results[before.length] as { seq: number }[])[0] as { seq: number };
  }

  /** Makes a part visible in its upload; the one that it replaces goes to the trash. Throws `GuardError`: no_such_upload, blob_gone. */
  async part(commit: PartCommit): Promise<void> {
    const { bucket, key, uploadId, part } = commit;
    await this.#database.batch([
      requireUpload(bucket.id, key, uploadId),
      ...requireBucket(bucket),
      {
        sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents) SELECT ?3, id, extents FROM parts
              WHERE upload_id = ?1 AND part_number = ?2 AND id <> ?4`,
        values: [uploadId, part.partNumber, part.modifiedMs, part.id],
      },
      ...refer(commit.blobs, commit.sharedBlobIds, part.id, part.modifiedMs),
      {
        sql: `INSERT OR REPLACE INTO parts
              (upload_id, part_number, id, size_bytes, etag, modified_ms, checksum, crc64nvme, extents)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
        values: [
          uploadId,
          part.partNumber,
          part.id,
          part.sizeBytes,
          part.etag,
          part.modifiedMs,
          part.checksum,
          part.crc64nvme,
          JSON.stringify(part.extents),
        ],
      },
    ]);
  }
}

export function requireUpload(bucketId: number, key: string, uploadId: string): Statement {
  const found = "EXISTS (SELECT 1 FROM uploads WHERE bucket_id = ?1 AND key = ?2 AND id = ?3)";
  return require("no_such_upload", found, [bucketId, key, uploadId]);
}

function requireCondition({ bucket, key, id }: NewVersion, condition: CommitCondition): Statement[] {
  // A version that is there under our own id is this very commit, repeated: it meets every condition that it met before.
  const current = "SELECT 1 FROM objects WHERE bucket_id = ?1 AND key = ?2";
  const values = [bucket.id, key, id];
  if ("ifNoneMatch" in condition) return [require("exists_already", `NOT EXISTS (${current} AND id <> ?3)`, values)];
  return [
    require("no_such_key", `EXISTS (${current})`, values.slice(0, 2)),
    require("etag_differs", `EXISTS (${current} AND (id = ?3 OR etag = ?4))`, [...values, condition.ifMatch]),
  ];
}

/**
 * What a condition says of the key may be true again of something else: S3 takes no such condition where the key was written
 * after the upload was begun, or deleted (of which only a delete marker tells).
 */
function requireUnchangedSince({ bucket, key, id }: NewVersion, uploadId: string): Statement {
  const begun = "(SELECT initiated_ms FROM uploads WHERE bucket_id = ?1 AND key = ?2 AND id = ?4)";
  const written = `SELECT 1 FROM objects WHERE bucket_id = ?1 AND key = ?2 AND id <> ?3 AND modified_ms > ${begun}`;
  const deleted = `SELECT is_marker = 1 AND modified_ms > ${begun} FROM versions WHERE bucket_id = ?1 AND key = ?2
    ORDER BY seq DESC LIMIT 1`;
  const unchanged = `NOT EXISTS (${written}) AND NOT coalesce((${deleted}), 0)`;
  return require("object_changed", unchanged, [bucket.id, key, id, uploadId]);
}

function requireParts({ bucket, key }: NewVersion, completes: NonNullable<VersionCommit["completes"]>): Statement[] {
  const unchanged = `(SELECT count(*) FROM json_each(?2) chosen JOIN parts p ON p.upload_id = ?1
    AND p.part_number = json_extract(chosen.value, '$[0]') AND p.id = json_extract(chosen.value, '$[1]')) = ?3`;
  const { uploadId, parts } = completes;
  return [
    requireUpload(bucket.id, key, uploadId),
    require("part_changed", unchanged, [uploadId, JSON.stringify(parts), parts.length]),
  ];
}

/** The parts' extents, with their references, now belong to the object; parts that were not chosen go to the trash. */
function finishUpload(version: NewVersion, { uploadId, parts }: NonNullable<VersionCommit["completes"]>): Statement[] {
  return [
    {
      sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents) SELECT ?2, id, extents FROM parts
            WHERE upload_id = ?1 AND part_number NOT IN (SELECT json_extract(value, '$[0]') FROM json_each(?3))`,
      values: [uploadId, version.modifiedMs, JSON.stringify(parts)],
    },
    { sql: "DELETE FROM parts WHERE upload_id = ?1", values: [uploadId] },
    {
      sql: "DELETE FROM uploads WHERE bucket_id = ?1 AND key = ?2 AND id = ?3",
      values: [version.bucket.id, version.key, uploadId],
    },
  ];
}

/** The version's annotations, with the blobs that were written for them. */
function carry(version: NewVersion, annotations: CarriedAnnotations): Statement[] {
  const blobs = annotations.written.flatMap((annotation) => annotation.blobs);
  return [
    ...(blobs.length > 0 ? [insertBlobs(blobs, null), ...noteMissing(blobs, version.modifiedMs)] : []),
    ...carryAnnotations(version, annotations),
  ];
}

/** Records new blobs, and that `referent` holds them and the shared ones; shards that are missing are noted for healing. */
export function refer(
  blobs: readonly BlobRow[] = [],
  sharedBlobIds: readonly string[] = [],
  referent: string,
  nowMs: number,
): Statement[] {
  const statements: Statement[] = [];
  if (blobs.length > 0) {
    statements.push(
      insertBlobs(blobs, null),
      holdBlobs(
        blobs.map(({ id }) => id),
        referent,
      ),
    );
    statements.push(...noteMissing(blobs, nowMs));
  }
  if (sharedBlobIds.length > 0) {
    const ids = JSON.stringify(sharedBlobIds);
    const live =
      "(SELECT count(*) FROM json_each(?1) j JOIN blobs b ON b.id = j.value WHERE b.condemned_ms IS NULL) = ?2";
    statements.push(require("blob_gone", live, [ids, sharedBlobIds.length]), holdBlobs(sharedBlobIds, referent));
  }
  return statements;
}

function holdBlobs(ids: readonly string[], referent: string): Statement {
  return {
    sql: "INSERT OR IGNORE INTO blob_refs (blob_id, referent) SELECT value, ?2 FROM json_each(?1)",
    values: [JSON.stringify(ids), referent],
  };
}

/** In one statement, however many. `packObjects`: how many objects a pack is made of; null for other blobs. */
export function insertBlobs(blobs: readonly BlobRow[], packObjects: number | null): Statement {
  const rows = blobs.map(({ id, k, m, blockBytes, sizeBytes, crc64nvme, shards, storageClass = "STANDARD" }) => [
    id,
    k,
    m,
    blockBytes,
    sizeBytes,
    crc64nvme,
    JSON.stringify(shards),
    storageClass === "STANDARD" ? null : storageClass,
  ]);
  const columns = rows[0]?.map((_, column) => `value ->> ${column}`).join(", ");
  return {
    sql: `INSERT OR IGNORE INTO blobs (id, k, m, block_bytes, size_bytes, crc64nvme, shards, storage_class, pack_objects)
          SELECT ${columns}, ?2 FROM json_each(?1)`,
    values: [JSON.stringify(rows), packObjects],
  };
}

function putVersion(version: NewVersion, annotations: number): Statement {
  const { bucket, lock } = version;
  // Before versioning is enabled there is one version at most, and no other table to look into.
  const seq = bucket.versioning === null ? "1" : nextSeq("?1", "?2");
  return {
    sql: `INSERT OR REPLACE INTO objects (${SHARED_COLUMNS})
          VALUES (?1, ?2, ?3, ${seq}, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) RETURNING seq`,
    values: [
      bucket.id,
      version.key,
      version.id,
      bucket.versioning === "enabled" ? 0 : 1,
      version.sizeBytes,
      version.etag,
      version.modifiedMs,
      version.storageClass,
      jsonOrNull(version.checksum),
      jsonOrNull(version.tags),
      lock.retainUntilMs,
      lock.retainMode,
      legalHoldNumber(lock.legalHold),
      JSON.stringify(version.attributes),
      jsonOrNull(version.parts),
      jsonOrNull(version.extents),
      version.inlineBody,
      jsonOrNull(lock.eventHold),
      annotations,
    ],
  };
}
