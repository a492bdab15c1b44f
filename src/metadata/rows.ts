/** Rows as the tables give them: JSON columns parsed, everything else as stored. Units: see migrations/README.md. */

export interface BucketRow {
  id: number;
  name: string;
  owner: string;
  region: string;
  createdMs: number;
}

export interface ChecksumRow {
  algorithm: string;
  type: string;
  /** Base64, composite ones with `-<parts>`. */
  value: string;
}

/** Bytes [start, start + length) of an object are bytes [offset, offset + length) of a blob, held by `referent`. */
export type ExtentRow = [start: number, length: number, blobId: string, offset: number, referent: string];

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
}

/** An object version without its bytes. */
export interface ObjectRow {
  key: string;
  id: string;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  storageClass: string;
  checksum: ChecksumRow | null;
  /** JSON that the store wrote; its shape is the store's. */
  attributes: unknown;
  parts: PartSummaryRow[] | null;
}

/** Where the bytes are: inline (base64) or in extents, ascending by start. */
export interface ContentRow {
  extents: ExtentRow[] | null;
  inlineBody: string | null;
}

/** Rows as SQL names them. */
export interface RawObject {
  key: string;
  id: string;
  size_bytes: number;
  etag: string;
  modified_ms: number;
  storage_class: string;
  checksum: string | null;
  attributes: string;
  parts: string | null;
}

export interface RawBlob {
  id: string;
  k: number;
  m: number;
  block_bytes: number;
  size_bytes: number;
  crc64nvme: string;
  shards: string;
}

export function parseObject(raw: RawObject): ObjectRow {
  return {
    key: raw.key,
    id: raw.id,
    sizeBytes: raw.size_bytes,
    etag: raw.etag,
    modifiedMs: raw.modified_ms,
    storageClass: raw.storage_class,
    checksum: parseJson<ChecksumRow>(raw.checksum),
    attributes: JSON.parse(raw.attributes),
    parts: parseJson<PartSummaryRow[]>(raw.parts),
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
  };
}

export function parseJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

export function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
