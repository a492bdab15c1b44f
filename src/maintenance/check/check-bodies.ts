import { Buffer } from "node:buffer";
import { toBase64, toHex } from "../../base/bytes.ts";
import type { CheckedBody } from "../../metadata/blobs/checking.ts";
import type { ExtentRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError } from "../../store/failure.ts";
import { BlobReader } from "../../store/read/read-blob.ts";
import type { ChecksumAlgorithm, DigestName } from "../../store/types.ts";
import { DigestSet } from "../../store/write/digests.ts";

/** A longer body is not read in one go: its frames are verified, its digests are not. */
const DIGEST_BYTES_MAX = 256 * 1024 * 1024;

export type BodyState = "right" | "unreadable" | "digest-differs" | "too-long" | "no-digest";

/**
 * Reads the whole body and compares it with what the row knows: the MD5 of an ETag that is one, and a checksum of the full object.
 * Notes nothing: whoever checks must not change what is checked.
 */
export async function checkBody(store: StoreContext, body: CheckedBody): Promise<BodyState> {
  const wanted = knownDigests(body);
  if (wanted.size === 0) return "no-digest";
  if (body.sizeBytes > DIGEST_BYTES_MAX) return "too-long";
  const digests = new DigestSet(wanted.keys(), store.engine);
  try {
    let bytes = 0;
    for (const extent of body.extents) bytes += await readExtent(store, extent, (piece) => digests.update(piece));
    const tail = Buffer.from(body.inlineBody ?? "", "base64");
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

async function readExtent(
  store: StoreContext,
  [, length, blobId, offset]: ExtentRow,
  take: (piece: Uint8Array) => void,
): Promise<number> {
  const [blob] = await store.metadata.blobs.find([blobId]);
  if (!blob || offset + length > blob.sizeBytes) return 0;
  const reader = new BlobReader(store, blob, { offset, length });
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
