import type { Due } from "../../lifecycle/decide.ts";
import type { ListedUpload, UploadPosition } from "../../metadata/objects/listing.ts";
import type { UploadRow } from "../../metadata/uploads/upload-rows.ts";
import type { FoundUpload } from "../../metadata/uploads/uploads.ts";
import { foundBucket, newObjectAccess, underAccess } from "../buckets/admission.ts";
import { headBucket } from "../buckets/buckets.ts";
import { lockFor, tagRows } from "../buckets/lock-and-tags.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { isId, newId } from "../placement/ids.ts";
import { requireSpace } from "../placement/require-space.ts";
import { lifecycleRules } from "../read/expiry.ts";
import type { EncryptionRequest } from "../sealed/encryption.ts";
import { described, newSealing } from "../sealed/new-sealing.ts";
import { encryptionOf } from "../sealed/open-content.ts";
import { withMetadata } from "../translate-metadata.ts";
import type {
  Attributes,
  Bucket,
  BucketName,
  ChecksumAlgorithm,
  ChecksumType,
  ObjectEncryption,
  ObjectKey,
  ObjectLock,
  Tags,
} from "../types.ts";

export interface UploadChecksum {
  algorithm: ChecksumAlgorithm;
  type: ChecksumType;
}

export interface UploadInfo {
  uploadId: string;
  key: ObjectKey;
  owner: string;
  initiatedMs: number;
  storageClass: string;
  /** null: the client asked for none. */
  checksum: UploadChecksum | null;
  /** Absent: its parts are stored plain. */
  encryption?: ObjectEncryption;
}

export interface UploadName {
  bucket: BucketName;
  key: ObjectKey;
  uploadId: string;
}

export interface CreateUpload {
  bucket: BucketName;
  key: ObjectKey;
  owner: string;
  attributes: Attributes;
  tags?: Tags;
  lock?: ObjectLock;
  storageClass: string;
  checksum: UploadChecksum | null;
  /** Absent: the default of the bucket or the deployment. */
  encryption?: EncryptionRequest;
}

export interface ListedUploads {
  /** Of the bucket. */
  region: string;
  entries: UploadEntry[];
  truncated: boolean;
  /** Beginning of the next page; present if truncated. */
  next?: UploadPosition;
}

export type UploadEntry = ({ kind: "upload" } & UploadInfo) | { kind: "prefix"; prefix: string };

/**
 * Begins a multipart upload. The object's key is made here and sealed for the id that the object
 * will have: all parts are sealed under it. `abort`: when the bucket's lifecycle ends it; null:
 * never. Throws `StoreError` no-such-bucket, sealing-not-configured, kms.
 */
export async function createUpload(
  store: StoreContext,
  create: CreateUpload,
): Promise<{ uploadId: string; encryption?: ObjectEncryption; abort: Due | null }> {
  await requireSpace(store, null);
  const { key, owner, storageClass, checksum } = create;
  const rowIn = (bucket: Bucket, id: string, encryption: { encryption?: ObjectEncryption }) => ({
    id,
    bucket,
    key,
    owner,
    attributes: { ...create.attributes, ...newObjectAccess(store, bucket), ...encryption },
    tags: tagRows(create.tags),
    lock: lockFor(store, bucket, create.lock),
    storageClass,
    checksumAlgorithm: checksum?.algorithm ?? null,
    checksumType: checksum?.type ?? null,
    initiatedMs: store.clock.now(),
  });
  return underAccess(async () => {
    const bucket = await headBucket(store, create.bucket);
    const sealing = await newSealing(store, { bucket, key, request: create.encryption ?? null });
    const id = newId(store);
    const encryption = described(sealing, bucket, { key, versionId: id });
    const row = rowIn(bucket, id, encryption);
    await withMetadata(create, () => store.metadata.uploads.create(row));
    return { uploadId: id, ...encryption, abort: abortOf(store, bucket, row) };
  });
}

/**
 * Ends an upload; its parts become trash. Throws `StoreError` no-such-bucket, no-such-upload. If
 * `initiatedSeconds` (since 1970) is given, throws precondition-failed unless it matches; it never
 * changes for an upload.
 */
export async function abortUpload(
  store: StoreContext,
  name: UploadName & { initiatedSeconds?: number },
): Promise<void> {
  const { initiatedSeconds = null } = name;
  await underAccess(async () => {
    const { bucket, upload } = await findUpload(store, name);
    if (initiatedSeconds !== null && Math.floor(upload.initiatedMs / 1000) !== initiatedSeconds) {
      throw new StoreError({ kind: "precondition-failed", condition: "x-amz-if-match-initiated-time" });
    }
    const where = { bucketId: bucket.id, accessId: bucket.accessId, key: name.key, uploadId: name.uploadId };
    await withMetadata(name, () => store.metadata.uploads.abort(where, store.clock.now()));
  });
}

export interface StoredPart {
  partNumber: number;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  /** Base64, of the upload's algorithm. */
  checksum?: string;
}

/** A page of an upload's parts after number `after`. `abort` as in `createUpload`. Throws `StoreError` no-such-bucket, no-such-upload. */
export async function listParts(
  store: StoreContext,
  name: UploadName & { after: number; limit: number },
): Promise<{ upload: UploadInfo; parts: StoredPart[]; truncated: boolean; abort: Due | null }> {
  const found = await withMetadata(name, () => store.metadata.uploads.parts(name, name));
  const { bucket, upload } = foundUpload(store, found, name);
  const parts = (found?.parts ?? [])
    .slice(0, name.limit)
    .map(({ checksum, partNumber, sizeBytes, etag, modifiedMs }) => ({
      partNumber,
      sizeBytes,
      etag,
      modifiedMs,
      ...(checksum === null ? {} : { checksum }),
    }));
  const truncated = (found?.parts.length ?? 0) > name.limit;
  return { upload: uploadInfo(upload), parts, truncated, abort: abortOf(store, bucket, upload) };
}

function abortOf(store: StoreContext, bucket: Bucket, upload: Pick<UploadRow, "key" | "initiatedMs">): Due | null {
  return lifecycleRules(store, bucket)?.abort(upload) ?? null;
}

/** A page of a bucket's unfinished uploads by key and initiation. Throws `StoreError` no-such-bucket. */
export async function listUploads(
  store: StoreContext,
  query: { bucket: BucketName; prefix: string; delimiter: string; after: UploadPosition; limit: number },
): Promise<ListedUploads> {
  const { bucket, limit } = query;
  const after = { skipPrefix: false, ...query.after };
  const found = await withMetadata({ bucket }, () => store.metadata.listing.uploads({ ...query, after }));
  const { region } = foundBucket(store, found?.bucket, bucket);
  const rows = found?.entries ?? [];
  const entries = rows
    .slice(0, limit)
    .map((row): UploadEntry => (row.kind === "prefix" ? row : { kind: "upload", ...uploadInfo(row) }));
  const last = entries.at(-1);
  if (rows.length <= limit || !last) return { region, entries, truncated: false };
  const next =
    last.kind === "prefix" ? { key: last.prefix, skipPrefix: true } : { key: last.key, uploadId: last.uploadId };
  return { region, entries, truncated: true, next };
}

/** The upload and its bucket. Throws `StoreError` no-such-bucket, no-such-upload. */
export async function findUpload(
  store: StoreContext,
  name: UploadName,
): Promise<{ bucket: Bucket; upload: UploadRow; roomBytes: number }> {
  const { bucket, key, uploadId } = name;
  const found = await withMetadata(name, () => store.metadata.uploads.find(bucket, key, uploadId));
  return { ...foundUpload(store, found, name), roomBytes: found?.roomBytes ?? Number.POSITIVE_INFINITY };
}

/** Both, or the failure that one of them does not exist. */
export function foundUpload(
  store: Pick<StoreContext, "gate">,
  found: FoundUpload | null,
  name: UploadName,
): { bucket: Bucket; upload: UploadRow } {
  const bucket = foundBucket(store, found?.bucket, name.bucket);
  const upload = isId(name.uploadId) ? found?.upload : null;
  store.gate?.upload(bucket, upload?.owner ?? null);
  if (!upload) throw new StoreError({ kind: "no-such-upload", uploadId: name.uploadId });
  return { bucket, upload };
}

/** The public facts about an upload. */
export function uploadInfo(row: UploadRow | Omit<ListedUpload, "kind">): UploadInfo {
  const encryption = "attributes" in row ? encryptionOf(row) : undefined;
  const { id, key, owner, initiatedMs, storageClass, checksumAlgorithm, checksumType } = row;
  const checksum =
    checksumAlgorithm === null
      ? null
      : { algorithm: checksumAlgorithm as ChecksumAlgorithm, type: checksumType as ChecksumType };
  return { uploadId: id, key, owner, initiatedMs, storageClass, checksum, ...(encryption && { encryption }) };
}
