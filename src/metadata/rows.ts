import type { BucketAccess } from "./buckets/access.ts";
import { FIRST_ACCOUNT_ID } from "./identities/accounts.ts";
import { type RateLimit, rateLimitJson } from "./identities/rate-limits.ts";

/** Rows as the tables give them: JSON columns parsed, everything else as stored. Units: see migrations/README.md. */

export interface BucketRow {
  id: number;
  name: string;
  owner: string;
  region: string;
  createdMs: number;
  /** null: it was never enabled. */
  versioning: "enabled" | "suspended" | null;
  /** JSON of the object lock configuration; null: the bucket was created without object lock. */
  objectLock: string | null;
  /** Id of the account that owns it; null: the first account. */
  ownerAccount: string | null;
  /** Changes whenever `access` does, and is never used again; null: `access` was never set. */
  accessId: string | null;
  /** null: it was never set. */
  access: BucketAccess | null;
  /** Of the configuration that says who wants to know of changes; null: nobody does. */
  notificationId: string | null;
  /** Its lifecycle configuration, as it was set; `accessId` changes with it. null: it has none. */
  lifecycle: object | null;
  /** The limits of the account that owns it; null: it has none of its own. */
  ownerRate: RateLimit | null;
}

/** A bucket as `bucketColumns` selects it: `access` and `lifecycle` are JSON, or null if they are what the statement was told is known. */
export type RawBucket = Omit<BucketRow, "access" | "lifecycle" | "ownerRate"> & {
  access: string | null;
  lifecycle: string | null;
  ownerRate: string | null;
};

export interface ChecksumRow {
  algorithm: string;
  type: string;
  /** Base64, composite ones with `-<parts>`. */
  value: string;
}

/**
 * A blob that holds stripes of another, sealed one as they were: their ciphertext was moved, which needs no key. `bodyId` is the id of
 * the blob that was sealed, `k`, `blockBytes` and `blobBytes` its layout, `at` the offset in it of this blob's first byte, which begins
 * a stripe there.
 */
export type SealedImage = [bodyId: string, k: number, blockBytes: number, blobBytes: number, at: number];

/**
 * Bytes [start, start + length) of an object are bytes [offset, offset + length) of a blob, held by `referent`. Of an encrypted object
 * the blob is sealed, and its plain bytes are meant. `form` 1: the blob is a pack, in which the bytes lie sealed on their own
 * from `offset` on. A `SealedImage`: `offset` counts the plain bytes of what the blob holds of the other one.
 */
export type ExtentRow = [
  start: number,
  length: number,
  blobId: string,
  offset: number,
  referent: string,
  form?: 1 | SealedImage,
];

export type PartSummaryRow = [partNumber: number, sizeBytes: number, checksum: string | null];

/** Where a shard lies; null: it is missing and waits for healing. Index in the list is its number. */
export type ShardPlace = [drive: string, key: string] | null;

export interface BlobRow {
  id: string;
  k: number;
  m: number;
  blockBytes: number;
  sizeBytes: number;
  /** 16 hex digits. */
  crc64nvme: string;
  shards: ShardPlace[];
  /** Whose drives it is to lie on. Absent: it was not asked for; STANDARD's if nothing was ever said. */
  storageClass?: string;
}

/** null: nobody ever said. */
export type LegalHold = "ON" | "OFF" | null;

export type RetainMode = "GOVERNANCE" | "COMPLIANCE";

/** An event hold: while it is ON, the version is kept until this long after now; from its release on, until then. */
export interface EventHoldRow {
  status: "ON" | "OFF";
  /** How long the version is kept after the release; one of days and years. */
  days?: number;
  years?: number;
}

/** What keeps a version from being removed. */
export interface LockRow {
  retainUntilMs: number | null;
  retainMode: RetainMode | null;
  legalHold: LegalHold;
  /** null: nobody ever set one. */
  eventHold: EventHoldRow | null;
}

/** In the order in which they were given. */
export type TagRow = [key: string, value: string];

/** An object version without its bytes. */
export interface ObjectRow {
  key: string;
  id: string;
  /** Order of commits within the key. */
  seq: number;
  /** It is the key's null version. */
  isNull: boolean;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  storageClass: string;
  checksum: ChecksumRow | null;
  tags: TagRow[] | null;
  lock: LockRow;
  /** JSON that the store wrote; its shape is the store's. */
  attributes: unknown;
  parts: PartSummaryRow[] | null;
  /** How many it has. */
  annotations: number;
}

/** Where the bytes are: in extents, ascending by start, and after their end inline (base64). At least one is not null. */
export interface ContentRow {
  extents: ExtentRow[] | null;
  inlineBody: string | null;
}

/** Rows as SQL names them. */
export interface RawObject {
  key: string;
  id: string;
  seq: number;
  is_null: number;
  size_bytes: number;
  etag: string;
  modified_ms: number;
  storage_class: string;
  checksum: string | null;
  tags: string | null;
  retain_until_ms: number | null;
  retain_mode: RetainMode | null;
  legal_hold: number;
  attributes: string;
  parts: string | null;
  event_hold: string | null;
  annotations: number;
}

/** Of table objects or versions, as `o`, for a `RawObject`. */
export const OBJECT_COLUMNS = `o.key, o.id, o.seq, o.is_null, o.size_bytes, o.etag, o.modified_ms, o.storage_class, o.checksum,
  o.tags, o.retain_until_ms, o.retain_mode, o.legal_hold, o.attributes, o.parts, o.event_hold, o.annotations`;
/** Of table buckets, for a `RawBucket`. `known` is SQL: the id of the access settings that need not be read again, or NULL. */
export function bucketColumns(known: string): string {
  return `id, name, owner, region, created_ms AS "createdMs", versioning, object_lock AS "objectLock",
  owner_account AS "ownerAccount", ${ownerRateColumn("owner_account")}, notification_id AS "notificationId",
  access_id AS "accessId", CASE WHEN access_id IS ${known} THEN NULL ELSE access END AS access,
  ${lifecycleColumn({ bucketId: "id", accessId: "access_id", known })}`;
}

/** The limits of the account that owns a bucket, for a `RawBucket`. `ownerAccount` is SQL. */
export function ownerRateColumn(ownerAccount: string): string {
  return `${rateLimitJson(`coalesce(${ownerAccount}, '${FIRST_ACCOUNT_ID}')`, "''")} AS "ownerRate"`;
}

/** The lifecycle configuration of a bucket, for a `RawBucket`. All are SQL. A bucket whose settings are known costs no row. */
export function lifecycleColumn(bucket: { bucketId: string; accessId: string; known: string }): string {
  const { bucketId, accessId, known } = bucket;
  return `CASE WHEN ${accessId} IS ${known} THEN NULL ELSE
    (SELECT l.configuration FROM lifecycles l WHERE l.bucket_id = ${bucketId}) END AS lifecycle`;
}

export interface RawBlob {
  id: string;
  k: number;
  m: number;
  block_bytes: number;
  size_bytes: number;
  crc64nvme: string;
  shards: string;
  /** Absent: it was not selected; null: STANDARD. */
  storage_class?: string | null;
}

export function parseObject(raw: RawObject): ObjectRow {
  return {
    key: raw.key,
    id: raw.id,
    seq: raw.seq,
    isNull: raw.is_null === 1,
    sizeBytes: raw.size_bytes,
    etag: raw.etag,
    modifiedMs: raw.modified_ms,
    storageClass: raw.storage_class,
    checksum: parseJson<ChecksumRow>(raw.checksum),
    tags: parseJson<TagRow[]>(raw.tags),
    lock: {
      retainUntilMs: raw.retain_until_ms,
      retainMode: raw.retain_mode,
      legalHold: parseLegalHold(raw.legal_hold),
      eventHold: parseJson<EventHoldRow>(raw.event_hold),
    },
    attributes: JSON.parse(raw.attributes),
    parts: parseJson<PartSummaryRow[]>(raw.parts),
    annotations: raw.annotations,
  };
}

export function parseBlob(raw: RawBlob): BlobRow {
  return {
    id: raw.id,
    k: raw.k,
    m: raw.m,
    blockBytes: raw.block_bytes,
    sizeBytes: raw.size_bytes,
    crc64nvme: raw.crc64nvme,
    shards: JSON.parse(raw.shards),
    ...(raw.storage_class === undefined ? {} : { storageClass: raw.storage_class ?? "STANDARD" }),
  };
}

const LEGAL_HOLDS: readonly LegalHold[] = [null, "ON", "OFF"];

/** As the tables have it: 1 where the hold is on. */
export function legalHoldNumber(hold: LegalHold): number {
  return LEGAL_HOLDS.indexOf(hold);
}

export function parseLegalHold(number: number): LegalHold {
  return LEGAL_HOLDS[number] ?? null;
}

export function parseJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

export function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
