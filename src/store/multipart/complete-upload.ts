import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { toBase64 } from "../../base/bytes.ts";
import { createChecksum } from "../../erasure/checksum.ts";
import { combineCrc } from "../../erasure/combine.ts";
import { GuardError } from "../../metadata/database.ts";
import type { NewVersion } from "../../metadata/objects/commit.ts";
import type { ExtentRow } from "../../metadata/rows.ts";
import type { UploadRow } from "../../metadata/uploads/upload-rows.ts";
import type { PartRow } from "../../metadata/uploads/uploads.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newsOf } from "../news.ts";
import { headObject } from "../read/objects.ts";
import { EXTENTS_MAX } from "../settings.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum, WriteCondition, WriteResult } from "../types.ts";
import { commitVersion } from "../write/commit-version.ts";
import { encryptedAs } from "../write/write.ts";
import { foundUpload, type UploadName } from "./uploads.ts";

export interface CompletedPart {
  partNumber: number;
  /** Without quotes. */
  etag: string;
  checksum?: { algorithm: ChecksumAlgorithm; value: string };
}

export interface CompleteUpload extends UploadName {
  /** Ascending by number, not empty. */
  parts: readonly CompletedPart[];
  /** The client's expectations of the whole object: refused if the parts do not match. */
  checksum?: { algorithm: ChecksumAlgorithm; value: string };
  checksumType?: ChecksumType;
  sizeBytes?: number;
  condition?: WriteCondition;
}

/**
 * Makes an object of an upload's parts in two D1 round trips, without moving a byte. A repeated
 * Complete succeeds again while its object is the current one, even if both run at the same time.
 * With another list of parts there is no such upload. Throws `StoreError` no-such-bucket,
 * no-such-upload, invalid-part, part-too-small, checksum-mismatch, checksum-type-mismatch,
 * missing-part-checksum, size-mismatch, conflict (a part was uploaded again meanwhile),
 * precondition-failed, precondition-no-such-key, precondition-conflict, too-many-extents,
 * metadata-unavailable; the upload then stays as it was.
 */
export async function completeUpload(store: StoreContext, complete: CompleteUpload): Promise<WriteResult> {
  const { bucket: name, key, uploadId } = complete;
  const found = await withMetadata(complete, () => store.metadata.uploads.forCompletion(name, key, uploadId));
  if (found && !found.upload) return completedBefore(store, complete);
  const { bucket, upload } = foundUpload(store, found, complete);
  requireChecksumType(upload, complete);
  const parts = chooseParts(found?.parts ?? [], complete.parts);
  requireSizes(parts, complete, store.settings.partBytesMin);
  const checksum = checksumOfParts(store, upload, parts);
  requireChecksum(checksum, complete);
  const extents = joinExtents(parts);
  const version: NewVersion = {
    bucket,
    key,
    // The upload's id becomes the version's. This identifies a repeated Complete.
    id: uploadId,
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    etag: etagOfParts(parts),
    modifiedMs: store.clock.now(),
    storageClass: upload.storageClass,
    checksum,
    tags: upload.tags,
    lock: upload.lock,
    attributes: upload.attributes,
    parts: parts.map((part) => [part.partNumber, part.sizeBytes, part.checksum]),
    extents,
    inlineBody: null,
  };
  try {
    const committed = await commitVersion(store, name, {
      version,
      news: newsOf(store, "ObjectCreated:CompleteMultipartUpload"),
      completes: { uploadId, parts: parts.map((part) => [part.partNumber, part.id] as const) },
      ...(complete.condition ? { condition: complete.condition } : {}),
    });
    const { etag, modifiedMs } = version;
    const done = { id: uploadId, ...committed, etag, modifiedMs, ...encryptedAs(version) };
    return { ...done, ...(checksum ? { checksum } : {}) };
  } catch (error) {
    // If two run at the same time, the second finds the first one's object.
    if (error instanceof StoreError && error.failure.kind === "no-such-upload") return completedBefore(store, complete);
    throw changedSince(error, complete) ?? error;
  }
}

/** The failure of a condition on a key that has changed since the upload began. */
function changedSince(error: unknown, { condition, key }: CompleteUpload): StoreError | null {
  const guard = error instanceof StoreError && error.cause instanceof GuardError ? error.cause.guard : null;
  if (guard !== "object_changed" || !condition) return null;
  const header = "ifMatch" in condition ? "If-Match" : "If-None-Match";
  return new StoreError({ kind: "precondition-conflict", condition: header, key }, { cause: error });
}

/** The upload is gone. If its object exists, the first answer was lost and is returned again. */
async function completedBefore(store: StoreContext, complete: CompleteUpload): Promise<WriteResult> {
  const { bucket, key, uploadId } = complete;
  const gone = new StoreError({ kind: "no-such-upload", uploadId });
  const head = await headObject(store, { bucket, key, ignoresKey: true }).catch((error: unknown) => {
    throw error instanceof StoreError && error.failure.kind === "no-such-key" ? gone : error;
  });
  if (head.id !== uploadId || head.etag !== etagOfParts(complete.parts)) throw gone;
  const { id, versionId, etag, modifiedMs, checksum, encryption } = head;
  const done = { id, ...(versionId ? { versionId } : {}), etag, modifiedMs, ...(encryption ? { encryption } : {}) };
  return { ...done, ...(checksum ? { checksum } : {}) };
}

function chooseParts(uploaded: readonly PartRow[], chosen: readonly CompletedPart[]): PartRow[] {
  const byNumber = new Map(uploaded.map((part) => [part.partNumber, part]));
  return chosen.map(({ partNumber, etag, checksum }) => {
    const part = byNumber.get(partNumber);
    // An upload without an algorithm keeps no checksums of parts: checksums that came with a part
    // were verified on arrival.
    const differs = checksum && part && part.checksum !== null && checksum.value !== part.checksum;
    if (!part || part.etag !== etag || differs) {
      throw new StoreError({ kind: "invalid-part", partNumber, etag });
    }
    return part;
  });
}

function requireChecksumType({ checksumAlgorithm, checksumType }: UploadRow, complete: CompleteUpload): void {
  const created = checksumType as ChecksumType | null;
  if (complete.checksumType !== undefined && complete.checksumType !== (created ?? "full-object")) {
    throw new StoreError({ kind: "checksum-type-mismatch", created: created ?? "full-object" });
  }
  if (created !== "composite") return;
  const missing = complete.parts.find(({ checksum }) => checksum === undefined);
  if (!missing) return;
  const algorithm = checksumAlgorithm as ChecksumAlgorithm;
  throw new StoreError({ kind: "missing-part-checksum", partNumber: missing.partNumber, algorithm });
}

function requireSizes(parts: readonly PartRow[], complete: CompleteUpload, minBytes: number): void {
  const small = parts.slice(0, -1).find((part) => part.sizeBytes < minBytes);
  if (small) {
    const { partNumber, sizeBytes, etag } = small;
    throw new StoreError({ kind: "part-too-small", partNumber, sizeBytes, minBytes, etag });
  }
  const actualBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  if (complete.sizeBytes !== undefined && complete.sizeBytes !== actualBytes) {
    throw new StoreError({ kind: "size-mismatch", expectedBytes: complete.sizeBytes, actualBytes });
  }
}

function requireChecksum(actual: ObjectChecksum | null, { checksum }: CompleteUpload): void {
  if (!checksum) return;
  const value = actual?.type === "composite" ? actual.value.replace(/-\d+$/, "") : actual?.value;
  const matches =
    actual?.algorithm === checksum.algorithm && (checksum.value === actual.value || checksum.value === value);
  if (!matches) throw new StoreError({ kind: "checksum-mismatch", algorithm: checksum.algorithm });
}

function joinExtents(parts: readonly PartRow[]): ExtentRow[] {
  const extents: ExtentRow[] = [];
  let begin = 0;
  for (const part of parts) {
    for (const [start, length, blobId, offset, referent] of part.extents) {
      extents.push([begin + start, length, blobId, offset, referent]);
    }
    begin += part.sizeBytes;
  }
  if (extents.length > EXTENTS_MAX) throw new StoreError({ kind: "too-many-extents", extentsMax: EXTENTS_MAX });
  return extents;
}

function etagOfParts(parts: readonly { etag: string }[]): string {
  const md5 = createHash("md5");
  for (const { etag } of parts) md5.update(Buffer.from(etag, "hex"));
  return `${md5.digest("hex")}-${parts.length}`;
}

/**
 * Full-object CRCs combine; composite checksums cover the parts' checksums. null if a part's is
 * unknown.
 */
function checksumOfParts(store: StoreContext, upload: UploadRow, parts: readonly PartRow[]): ObjectChecksum | null {
  if (upload.checksumType === "composite") return compositeChecksum(store, upload, parts);
  const algorithm = (upload.checksumAlgorithm ?? "crc64nvme") as "crc32" | "crc32c" | "crc64nvme";
  let crc = 0n;
  for (const part of parts) {
    const hex = upload.checksumAlgorithm === null ? part.crc64nvme : hexOf(part.checksum);
    if (hex === null) return null;
    crc = combineCrc(algorithm, crc, BigInt(`0x${hex}`), part.sizeBytes);
  }
  const digits = algorithm === "crc64nvme" ? 16 : 8;
  const value = Buffer.from(crc.toString(16).padStart(digits, "0"), "hex").toString("base64");
  return { algorithm, type: "full-object", value };
}

function hexOf(base64: string | null): string | null {
  return base64 === null ? null : Buffer.from(base64, "base64").toString("hex");
}

function compositeChecksum(store: StoreContext, upload: UploadRow, parts: readonly PartRow[]): ObjectChecksum | null {
  const algorithm = upload.checksumAlgorithm as ChecksumAlgorithm;
  const ofParts = createChecksum(algorithm, store.engine);
  for (const { checksum } of parts) {
    if (checksum === null) return null;
    ofParts.update(Buffer.from(checksum, "base64"));
  }
  return { algorithm, type: "composite", value: `${toBase64(ofParts.digest())}-${parts.length}` };
}
