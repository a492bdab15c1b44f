import { toBase64 } from "../../base/bytes.ts";
import type { AnnotationRow } from "../../metadata/annotations/annotation-rows.ts";
import type { VersionPlace, VersionTable } from "../../metadata/blobs/packing.ts";
import type { PlainVersion } from "../../metadata/encrypting/encrypting.ts";
import type { BlobRow, ChecksumRow, ContentRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { type Content, ObjectBody } from "../read/object-body.ts";
import { described, type NewSealing, newSealing } from "../sealed/new-sealing.ts";
import { encryptionOf, openSealing } from "../sealed/open-content.ts";
import { layoutClass } from "../tiers/access-tiers.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, ChecksumAlgorithm, Digests } from "../types.ts";
import { DigestSet } from "../write/digests.ts";
import { extentsOver } from "../write/extents.ts";
import { type BytesToWrite, writeBlobsAgain, writeInlineAgain } from "./write-again.ts";

/** A version of a bucket, by its row. */
export interface VersionToEncrypt {
  bucket: Bucket;
  table: VersionTable;
  key: string;
  seq: number;
  id: string;
}

/**
 * Encrypts a plain version as the bucket encrypts new objects, and changes nothing else about it:
 * the ETag stays the MD5, with SSE-KMS too. The bytes are read and written by the usual paths, in
 * bounded memory, then read again from the new place and compared. One commit makes the version
 * refer to them if the version has not changed. Until then readers see the old bytes; present reads
 * finish with them. The old bytes become trash. A crash leaves the version as it was, and at worst
 * shards that no row names. Returns the number of encrypted bytes; null: the version is gone,
 * changed meanwhile, or is encrypted. Throws `StoreError` sealing-not-configured, kms,
 * drives-unavailable, no-space, too-slow, metadata-unavailable; conflict if the bytes do not match
 * the checksum in the row.
 */
export async function encryptVersion(store: StoreContext, version: VersionToEncrypt): Promise<number | null> {
  const { bucket, table, key, id } = version;
  const place: VersionPlace = { bucketId: bucket.id, key, seq: version.seq };
  const row = await withMetadata({ bucket: bucket.name, key }, () => store.metadata.encrypting.version(table, place));
  if (!row || row.id !== id || encryptionOf(row)) return null;
  const sealing = await newSealing(store, { bucket, key, request: null });
  if (!sealing) throw new StoreError({ kind: "sealing-not-configured" });
  const { tier = null } = row.attributes as { tier?: string | null };
  const storageClass = layoutClass(store.settings, { ...row, tier });
  const { to, blobs } = await writeSealed(store, { ...row, storageClass, referent: id }, sealing);
  const { encryption } = described(sealing, bucket, { key, versionId: id });
  const from = { extents: row.extents, inlineBody: row.inlineBody };
  const rewrite = { table, place, id, from, sealed: null, to, blobs, ...(encryption && { encryption }) };
  const isDone = await withMetadata({ bucket: bucket.name, key }, () =>
    store.metadata.rewrites.version(rewrite, store.clock.now()),
  );
  return isDone ? row.sizeBytes : null;
}

/**
 * Encrypts the plain annotations of an encrypted version, each as `encryptVersion` does. Returns
 * their number. Throws as that, and `StoreError` as `openSealing` if the version's key does not
 * open.
 */
export async function encryptAnnotations(store: StoreContext, version: VersionToEncrypt): Promise<number> {
  const { bucket, table, key, id } = version;
  const subject = { bucket: bucket.name, key };
  const place: VersionPlace = { bucketId: bucket.id, key, seq: version.seq };
  const row = await withMetadata(subject, () => store.metadata.encrypting.version(table, place));
  if (!row || row.id !== id || !encryptionOf(row)) return 0;
  const sealing = await openSealing(store, { ...row, bucket, key }, null);
  const all = await withMetadata(subject, () => store.metadata.annotations.ofVersion(id));
  let encrypted = 0;
  for (const annotation of all.filter(({ layers }) => layers === 0)) {
    encrypted += await encryptAnnotation(store, { row, annotation, sealing: sealing as NewSealing });
  }
  return encrypted;
}

async function encryptAnnotation(
  store: StoreContext,
  { row, annotation, sealing }: { row: PlainVersion; annotation: AnnotationRow; sealing: NewSealing },
): Promise<0 | 1> {
  const { name, id, sizeBytes, checksum } = annotation;
  const { metadata, clock } = store;
  const from = await withMetadata({ bucket: "" }, () => metadata.annotations.content(row.id, name));
  if (!from) return 0;
  const plain = { ...from, sizeBytes, checksum, storageClass: row.storageClass, referent: id };
  const { to, blobs } = await writeSealed(store, plain, sealing);
  const layers = { from: 0, to: sealing.key.layers } as const;
  const rewrite = { versionId: row.id, name, id, from, layers, to, blobs };
  return (await withMetadata({ bucket: "" }, () => metadata.rewrites.annotation(rewrite, clock.now()))) ? 1 : 0;
}

interface PlainBytes extends ContentRow {
  sizeBytes: number;
  /** The class that decides their layout. */
  storageClass: string;
  checksum: ChecksumRow | null;
  /** The future referent of the new blobs. */
  referent: string;
}

/** Places of the bytes, sealed and read again, but not committed. */
async function writeSealed(
  store: StoreContext,
  plain: PlainBytes,
  { key }: NewSealing,
): Promise<{ to: ContentRow; blobs: BlobRow[] }> {
  const { sizeBytes, referent } = plain;
  const content: Content = { extents: plain.extents, inlineBody: plain.inlineBody, objectKey: null };
  const digests = digestsOf(plain.checksum);
  const bytes: BytesToWrite = { from: store, content, sizeBytes, digests, sealing: key };
  if (plain.extents === null || sizeBytes <= store.settings.inlineBytesMax) {
    const written = await writeInlineAgain(store, bytes);
    const to = { extents: null, inlineBody: written.inlineBody };
    await verify(store, { plain, written: written.digests, to: { ...to, objectKey: key }, blobs: [] });
    return { to, blobs: [] };
  }
  const { blobs, digests: written } = await writeBlobsAgain(store, bytes, plain.storageClass);
  const to = { extents: extentsOver(blobs, 0, referent), inlineBody: null };
  await verify(store, { plain, written, to: { ...to, objectKey: key }, blobs });
  return { to, blobs };
}

/** Digests that are computed during the write: for the comparison, and for the row. */
function digestsOf(checksum: ChecksumRow | null): ChecksumAlgorithm[] {
  const kept = checksum?.type === "full-object" ? [checksum.algorithm as ChecksumAlgorithm] : [];
  return [...new Set<ChecksumAlgorithm>(["crc64nvme", ...kept])].filter((name) => name !== "md5");
}

interface Written {
  plain: PlainBytes;
  written: Digests;
  to: Content;
  blobs: readonly BlobRow[];
}

/**
 * Reads the new bytes, and compares them with those read before and with the checksum of the row.
 * Throws `StoreError` conflict.
 */
async function verify(store: StoreContext, { plain, written, to, blobs }: Written): Promise<void> {
  const { checksum, sizeBytes } = plain;
  const kept = checksum?.type === "full-object" ? written.get(checksum.algorithm as ChecksumAlgorithm) : undefined;
  if (kept && toBase64(kept) !== checksum?.value) throw differs("its bytes are not those of its checksum");
  const reading = new DigestSet(["md5", "crc64nvme"], store.engine);
  const body = new ObjectBody(store, to, blobs, { offset: 0, length: sizeBytes });
  try {
    await body.ready();
    for (let piece = await body.next(); piece !== null; piece = await body.next()) reading.update(piece);
  } catch (error) {
    reading.release();
    throw error;
  } finally {
    await body.cancel();
  }
  const read = reading.finish();
  const isSame = (["md5", "crc64nvme"] as const).every((name) => {
    const [before, after] = [written.get(name), read.get(name)];
    return before !== undefined && after !== undefined && toBase64(before) === toBase64(after);
  });
  if (!isSame) throw differs("what was written is not what was read");
}

function differs(what: string): StoreError {
  return new StoreError({ kind: "conflict", what });
}
