import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { toBase64, toHex } from "../../base/bytes.ts";
import type { PartCommit } from "../../metadata/objects/commit.ts";
import type { ExtentRow, ObjectRow } from "../../metadata/rows.ts";
import type { UploadRow } from "../../metadata/uploads/upload-rows.ts";
import { readmitted, underAccess } from "../buckets/admission.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newId } from "../placement/ids.ts";
import { requireSpace } from "../placement/require-space.ts";
import { requireRoom } from "../quota/require-room.ts";
import { type Content, ObjectBody } from "../read/object-body.ts";
import { objectHead } from "../read/object-head.ts";
import type { ObjectName } from "../read/objects.ts";
import type { CustomerKey } from "../sealed/encryption.ts";
import type { NewSealing } from "../sealed/new-sealing.ts";
import { openContent, openSealing } from "../sealed/open-content.ts";
import { EXTENTS_MAX } from "../settings.ts";
import { withMetadata } from "../translate-metadata.ts";
import type {
  Bucket,
  ChecksumAlgorithm,
  Digests,
  IncomingBody,
  ObjectChecksum,
  ObjectEncryption,
  ObjectHead,
} from "../types.ts";
import type { BlobSource } from "../write/body-pieces.ts";
import { blobIds, digestRange, openSource } from "../write/copy.ts";
import { DigestSet } from "../write/digests.ts";
import { extentsOver } from "../write/extents.ts";
import { blobShape, etagOf } from "../write/write.ts";
import { type WrittenBlob, writeBody } from "../write/write-blob.ts";
import { findUpload, foundUpload, type UploadInfo, type UploadName, uploadInfo } from "./uploads.ts";

export interface UploadPart extends UploadName {
  /** 1 to 10,000. */
  partNumber: number;
  /** The client's key of the upload (SSE-C). */
  customerKey?: CustomerKey | null;
  /** Returns the body once the upload's checksum algorithm is known. */
  body(upload: UploadInfo): IncomingBody;
}

export interface UploadedPart {
  etag: string;
  modifiedMs: number;
  checksum?: { algorithm: ChecksumAlgorithm; value: string };
  /** Of the upload. */
  encryption?: ObjectEncryption;
}

export interface CopiedPart extends UploadedPart {
  /** Of the source; present if its bucket has or had versions. */
  sourceVersionId?: string;
}

export interface UploadPartCopy extends UploadName {
  partNumber: number;
  /** The client's key of the upload (SSE-C). */
  customerKey?: CustomerKey | null;
  source: ObjectName;
  /** Returns the range to copy; throws to refuse the source. */
  select(head: ObjectHead): { offset: number; length: number };
}

/**
 * Writes a part by the write protocol of `putObject`, replacing a part of the same number. A crash
 * leaves either the complete part or only garbage. Throws the errors of the body, `StoreError`
 * no-such-bucket, no-such-upload, incomplete-body, drives-unavailable, metadata-unavailable, and
 * the errors of `openSealing`.
 */
export async function uploadPart(store: StoreContext, name: UploadPart): Promise<UploadedPart> {
  const { bucket, upload, roomBytes } = await findUpload(store, name);
  const to = await partTarget(store, bucket, upload, name.customerKey);
  const { info } = to;
  const body = name.body(info);
  // Parts are counted when the upload is completed, but one that cannot fit is refused early.
  await requireRoom(store, { bucket, replaces: name.key, sizeBytes: body.sizeBytes, knownRoomBytes: roomBytes });
  let verified: ObjectChecksum | null = null;
  const { blobs, digests } = await writePart(store, body, to, (computed) => {
    verified = body.verify(computed);
  });
  const given = verified as ObjectChecksum | null;
  const checksum = given && given.algorithm === info.checksum?.algorithm ? given.value : ownChecksum(info, digests);
  return commitPart(store, name, info, {
    bucket,
    sizeBytes: body.sizeBytes,
    etag: etagOf(store, digests, to.sealing),
    checksum,
    crc64nvme: toHex(digests.get("crc64nvme") as Uint8Array),
    slices: slicesOver(blobs, 0),
    blobs,
  });
}

/** The upload of a part. */
interface PartTarget {
  info: UploadInfo;
  /** Sealing of its parts; null: they are plain. */
  sealing: NewSealing | null;
}

async function partTarget(
  store: StoreContext,
  bucket: Bucket,
  upload: UploadRow,
  customerKey: CustomerKey | null = null,
): Promise<PartTarget> {
  return {
    info: uploadInfo(upload),
    sealing: await openSealing(store, { ...upload, bucket, of: "upload" }, customerKey),
  };
}

/**
 * Makes a range of an object a part, without moving a byte: the part refers to the same blobs. The
 * range is read only if the upload needs a checksum. It is written again if the buckets are in
 * different databases, or if either is encrypted, because all parts are sealed under one key.
 * Throws as `copyObject` does, and `StoreError` no-such-upload, too-many-extents.
 */
export async function uploadPartCopy(store: StoreContext, name: UploadPartCopy): Promise<CopiedPart> {
  const found = await openSource(store, name.source, name);
  const { bucket, upload } = foundUpload(store, found.bucket && { bucket: found.bucket, upload: found.upload }, name);
  const head = objectHead(found.source, found.sourceBucket);
  const source = head.versionId === undefined ? {} : { sourceVersionId: head.versionId };
  const range = name.select(head);
  await requireSpace(store, null);
  const to = await partTarget(store, bucket, upload, name.customerKey);
  const row = { ...found.source, bucket: found.sourceBucket };
  const content = await openContent(found.from, row, name.source.customerKey ?? null);
  return {
    ...(await copyRange(store, name, { ...found, source: { ...found.source, ...content }, bucket, to, range })),
    ...source,
  };
}

interface ByteRange {
  offset: number;
  length: number;
}

async function copyRange(
  store: StoreContext,
  name: UploadPartCopy,
  copy: { bucket: Bucket; to: PartTarget; source: ObjectRow & Content; from: StoreContext; range: ByteRange },
): Promise<UploadedPart> {
  const { bucket, to, source, from, range } = copy;
  const { info } = to;
  const target = { bucket, sizeBytes: range.length };
  const isSealed = source.objectKey !== null || to.sealing !== null;
  const isMoved = source.extents === null || range.length === 0 || from !== store || isSealed;
  if (isMoved) return copyBytes(store, name, { to, target, body: new ObjectBody(from, source, [], range) });
  const { slices, blobs } = await slicesOf(store, source, to, range);
  if (slices.length > EXTENTS_MAX) throw new StoreError({ kind: "too-many-extents", extentsMax: EXTENTS_MAX });
  const algorithm = info.checksum?.algorithm;
  const digests = algorithm ? await digestRange(store, source, range, ["md5", "crc64nvme", algorithm]) : null;
  return commitPart(store, name, info, {
    ...target,
    etag: digests ? toHex(digests.get("md5") as Uint8Array) : etagOfRange(source, range),
    checksum: algorithm && digests ? toBase64(digests.get(algorithm) as Uint8Array) : null,
    crc64nvme: digests ? toHex(digests.get("crc64nvme") as Uint8Array) : crc64OfRange(source, range),
    slices,
    blobs,
  });
}

type Slice = [start: number, length: number, blobId: string, offset: number];

interface Part {
  /** As it was when the request was admitted. */
  bucket: Bucket;
  sizeBytes: number;
  etag: string;
  checksum: string | null;
  crc64nvme: string | null;
  slices: Slice[];
  /** The blobs that were written for it. */
  blobs: WrittenBlob[];
}

/**
 * Steps 2 to 5 for a part. An empty one has no blob. CRC-64/NVME is among the digests, because the
 * frames provide it.
 */
async function writePart(
  store: StoreContext,
  source: BlobSource,
  { info: upload, sealing }: PartTarget,
  verify: (digests: Digests) => void,
): Promise<{ blobs: WrittenBlob[]; digests: Digests }> {
  if (source.sizeBytes > 0) {
    const shape = blobShape(store, source.sizeBytes, upload.storageClass);
    const key = sealing?.key ?? null;
    return writeBody(store, { source, ...shape, sealing: key, admitted: Promise.resolve(), verify });
  }
  const surplus = await source.next();
  if (surplus) throw new StoreError({ kind: "incomplete-body", expectedBytes: 0, receivedBytes: surplus.length });
  const digests = new DigestSet(["md5", "crc64nvme", ...source.digests], store.engine).finish();
  verify(digests);
  return { blobs: [], digests };
}

/**
 * Writes the bytes as a part of its own if the source cannot be referred to: a small source is in
 * its row, another database's blobs are out of reach, and under another key the bytes could not be
 * opened.
 */
async function copyBytes(
  store: StoreContext,
  name: UploadPartCopy,
  copy: { to: PartTarget; target: { bucket: Bucket; sizeBytes: number }; body: ObjectBody },
): Promise<UploadedPart> {
  const { to, target, body } = copy;
  const { info } = to;
  const algorithm = info.checksum?.algorithm;
  const digestNames: ChecksumAlgorithm[] = algorithm ? [algorithm] : [];
  const bytes = { sizeBytes: body.sizeBytes, readsDrives: true, digests: digestNames, next: () => body.next() };
  try {
    await body.ready();
    const { blobs, digests } = await writePart(store, bytes, to, () => {});
    return await commitPart(store, name, info, {
      ...target,
      etag: etagOf(store, digests, to.sealing),
      checksum: algorithm ? toBase64(digests.get(algorithm) as Uint8Array) : null,
      crc64nvme: toHex(digests.get("crc64nvme") as Uint8Array),
      slices: slicesOver(blobs, 0),
      blobs,
    });
  } finally {
    await body.cancel();
  }
}

/** Step 6 for a part. */
async function commitPart(
  store: StoreContext,
  name: UploadName & { partNumber: number },
  info: UploadInfo,
  part: Part,
): Promise<UploadedPart> {
  const id = newId(store);
  const { sizeBytes, etag, checksum, crc64nvme, slices, blobs } = part;
  const modifiedMs = store.clock.now();
  const extents = slices.map((slice): ExtentRow => [...slice, id]);
  const commitTo = (target: Bucket): PartCommit => ({
    bucket: target,
    key: name.key,
    uploadId: name.uploadId,
    part: { partNumber: name.partNumber, id, sizeBytes, etag, modifiedMs, checksum, crc64nvme, extents },
    blobs,
    sharedBlobIds: blobIds(extents).filter((blobId) => !blobs.some(({ id: own }) => own === blobId)),
  });
  let { bucket } = part;
  await underAccess(async () => {
    try {
      await withMetadata(name, () => store.metadata.commits.part(commitTo(bucket)));
    } catch (error) {
      const found = await readmitted(store, bucket, error);
      if (found) bucket = found;
      throw error;
    }
  });
  const algorithm = info.checksum?.algorithm;
  return {
    etag,
    modifiedMs,
    ...(info.encryption && { encryption: info.encryption }),
    ...(algorithm && checksum !== null ? { checksum: { algorithm, value: checksum } } : {}),
  };
}

/** The frames provide CRC-64/NVME, so an upload that needs it has it for every part. */
function ownChecksum(info: UploadInfo, digests: Digests): string | null {
  if (info.checksum?.algorithm !== "crc64nvme") return null;
  return toBase64(digests.get("crc64nvme") as Uint8Array);
}

/**
 * The range as slices of the source's blobs. Inline bytes at its end are written as blobs of their
 * own.
 */
async function slicesOf(
  store: StoreContext,
  source: Content,
  to: PartTarget,
  range: { offset: number; length: number },
): Promise<Pick<Part, "slices" | "blobs">> {
  const end = range.offset + range.length;
  const slices = (source.extents ?? []).flatMap(([start, length, blobId, offset]): Slice[] => {
    const from = Math.max(start, range.offset);
    const until = Math.min(start + length, end);
    return from < until ? [[from - range.offset, until - from, blobId, offset + from - start]] : [];
  });
  const [lastStart = 0, lastLength = 0] = slices.at(-1) ?? [];
  const covered = lastStart + lastLength;
  const inline = { offset: range.offset + covered, length: range.length - covered };
  if (inline.length === 0) return { slices, blobs: [] };
  const body = new ObjectBody(store, source, [], inline);
  const bytes = { sizeBytes: inline.length, digests: [], next: () => body.next() };
  const { blobs } = await writePart(store, bytes, to, () => {});
  return { slices: [...slices, ...slicesOver(blobs, covered)], blobs };
}

/** Whole blobs in sequence, from byte `start` of the part. */
function slicesOver(blobs: readonly WrittenBlob[], start: number): Slice[] {
  return extentsOver(blobs, start, "").map(([from, length, blobId, offset]) => [from, length, blobId, offset]);
}

/**
 * The MD5 if the range is a whole simple object; otherwise a random ETag, because the bytes are not
 * read.
 */
function etagOfRange(source: ObjectRow, range: { offset: number; length: number }): string {
  if (range.length === source.sizeBytes && !source.etag.includes("-")) return source.etag;
  return createHash("md5").update(`${source.id}:${range.offset}:${range.length}`).digest("hex");
}

function crc64OfRange(source: ObjectRow, range: { offset: number; length: number }): string | null {
  const { checksum } = source;
  if (range.length !== source.sizeBytes || checksum?.algorithm !== "crc64nvme" || checksum.type !== "full-object") {
    return null;
  }
  return Buffer.from(checksum.value, "base64").toString("hex");
}
