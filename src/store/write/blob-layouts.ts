import { strict as assert } from "node:assert";
import { blockBytesFor, type Geometry, largestBlockBytes } from "../../erasure/geometry.ts";
import { type BlobLayout, FRAME_CHECK_BYTES, SHARD_HEADER_BYTES } from "../../erasure/layout.ts";
import { sealedBytes } from "../../sealing/sealed-layout.ts";

/**
 * At Cloudflare's edge at most six calls of an invocation wait for an answer, and a put does so
 * until its body is sent. If more than six shards were streamed side by side, the seventh would
 * never begin and the first six never end.
 */
export const PUTS_AT_ONCE = 6;

/** Memory of all shards of a blob that is kept in memory until it is complete. */
const BUFFERED_BLOB_BYTES = 20 * 1024 * 1024;

/** Memory of all such blobs of an isolate. */
export const BUFFERED_BYTES_MAX = 2 * BUFFERED_BLOB_BYTES;

/**
 * Whether the shards of such blobs are put from memory, a few at a time, rather than streamed all
 * at once.
 */
export function isWide({ k, m }: Geometry): boolean {
  return k + m > PUTS_AT_ONCE;
}

/**
 * The most bytes that one blob of the geometry holds if its shards are kept in memory; otherwise
 * infinite.
 */
export function blobBytesMax(geometry: Geometry, isBuffered = isWide(geometry)): number {
  if (!isBuffered) return Number.POSITIVE_INFINITY;
  const block = largestBlockBytes(geometry);
  const shard = Math.floor(BUFFERED_BLOB_BYTES / (geometry.k + geometry.m)) - SHARD_HEADER_BYTES;
  const stripes = Math.floor(shard / (block + FRAME_CHECK_BYTES));
  assert.ok(stripes > 0, "not even one stripe fits into the memory for a blob");
  return stripes * geometry.k * block;
}

/**
 * The most bytes of a body in one blob of the geometry, if tags take `tagBytes` of each data block;
 * or infinite, as above.
 */
export function plainBytesMax(
  geometry: Geometry,
  { tagBytes, isBuffered = isWide(geometry) }: { tagBytes: number; isBuffered?: boolean },
): number {
  const block = largestBlockBytes(geometry);
  return (blobBytesMax(geometry, isBuffered) / block) * (block - tagBytes);
}

export interface BodyShape {
  sizeBytes: number;
  geometry: Geometry;
  /** Size of a full block, a multiple of 128; absent: the geometry's default. */
  blockBytes?: number;
  isBuffered: boolean;
  /** Bytes of tags in each data block; 0: the body is not sealed. */
  tagBytes?: number;
}

/** A blob to write. */
export interface NewBlobLayout extends BlobLayout {
  /** Bytes of the body in it: `blobBytes` if it is not sealed. */
  readonly plainBytes: number;
}

/**
 * The blobs of a body of at least one byte: one, or as many as necessary if shards are kept in
 * memory.
 */
export function blobLayouts(shape: BodyShape): NewBlobLayout[] {
  const { sizeBytes, geometry, blockBytes, isBuffered, tagBytes = 0 } = shape;
  const { k, m } = geometry;
  const largest = Math.min(blockBytes ?? Number.POSITIVE_INFINITY, largestBlockBytes(geometry));
  const mostBytes = plainBytesMax(geometry, { tagBytes, isBuffered });
  const layouts: NewBlobLayout[] = [];
  for (let at = 0; at < sizeBytes; ) {
    const plainBytes = Math.min(mostBytes, sizeBytes - at);
    const blobBytes = sealedBytes({ k, blockBytes: largest, tagBytes }, plainBytes);
    layouts.push({ k, m, blockBytes: Math.min(largest, blockBytesFor(geometry, blobBytes)), blobBytes, plainBytes });
    at += plainBytes;
  }
  return layouts;
}
