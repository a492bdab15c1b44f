import { toBase64, toHex } from "../../base/bytes.ts";
import type { CheckedBody } from "../../metadata/blobs/checking.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError } from "../../store/failure.ts";
import { LateDrives } from "../../store/read/late-drives.ts";
import { decodeInline, openSlice, slicesOf } from "../../store/read/object-body.ts";
import { encryptionOf, openContent } from "../../store/sealed/open-content.ts";
import type { ChecksumAlgorithm, DigestName } from "../../store/types.ts";
import { DigestSet } from "../../store/write/digests.ts";

/** A longer body is not read in one piece: its frames are verified, its digests are not. */
const DIGEST_BYTES_MAX = 256 * 1024 * 1024;

export type BodyState = "right" | "unreadable" | "digest-differs" | "too-long" | "no-digest";

/**
 * Reads the whole body and compares it with its row: the MD5 if the ETag is one, and a checksum of
 * the full object. A body that only a client's key or a KMS opens counts as one without digests.
 * Records nothing: a check must not change what it checks.
 */
export async function checkBody(store: StoreContext, body: CheckedBody): Promise<BodyState> {
  if (body.isSealedApart) return "no-digest";
  const encryption = encryptionOf(body);
  if (encryption && encryption.form !== "AES256") return "no-digest";
  const wanted = knownDigests(body);
  if (wanted.size === 0) return "no-digest";
  if (body.sizeBytes > DIGEST_BYTES_MAX) return "too-long";
  const digests = new DigestSet(wanted.keys(), store.engine);
  try {
    const row = { ...body, bucket: { id: body.bucketId, name: body.bucket } };
    const content = await openContent(store, row, null);
    const take = (piece: Uint8Array) => digests.update(piece);
    let bytes = 0;
    for (const slice of slicesOf(body.extents, { offset: 0, length: body.sizeBytes })) {
      bytes += await readSlice(store, content.objectKey, slice, take);
    }
    const tail = decodeInline(content);
    digests.update(tail);
    if (bytes + tail.length !== body.sizeBytes) return "unreadable";
    const found = digests.finish();
    const isRight = [...wanted].every(([name, text]) => encode(name, found.get(name) as Uint8Array) === text);
    return isRight ? "right" : "digest-differs";
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return "unreadable";
  } finally {
    digests.release();
  }
}

function knownDigests({ etag, checksum }: CheckedBody): Map<DigestName, string> {
  const known = new Map<DigestName, string>();
  if (/^[0-9a-f]{32}$/.test(etag)) known.set("md5", etag);
  if (checksum?.type === "full-object") known.set(checksum.algorithm as ChecksumAlgorithm, checksum.value);
  return known;
}

function encode(name: DigestName, bytes: Uint8Array): string {
  return name === "md5" ? toHex(bytes) : toBase64(bytes);
}

async function readSlice(
  store: StoreContext,
  key: ObjectKey | null,
  slice: ReturnType<typeof slicesOf>[number],
  take: (piece: Uint8Array) => void,
): Promise<number> {
  const [blob] = await store.metadata.blobs.find([slice.blobId]);
  const { offset } = slice.member ?? slice;
  if (!blob || offset + slice.length > blob.sizeBytes) return 0;
  const reader = await openSlice({ store, blob, lateDrives: new LateDrives(store), key }, slice);
  let bytes = 0;
  try {
    for (let piece = await reader.next(); piece; piece = await reader.next()) {
      take(piece);
      bytes += piece.length;
    }
  } finally {
    await reader.cancel();
  }
  return bytes;
}
