import { type Geometry, roundUpToUnit } from "./geometry.ts";

/** What must be known of a blob to find its bytes in its shard files. All sizes are bytes; `blockBytes` is a multiple of 128. */
export interface BlobLayout extends Geometry {
  readonly blockBytes: number;
  readonly blobBytes: number;
}

/** Bytes at the start of a shard file, before its first frame. */
export const SHARD_HEADER_BYTES = 64;
/** Bytes of a frame after its block. */
export const FRAME_CHECK_BYTES = 8;

/** Bytes of the blob in every stripe but the last. */
function fullStripeBytes({ k, blockBytes }: BlobLayout): number {
  return k * blockBytes;
}

/** Stripes of the blob; 0 for an empty one. */
export function stripeCount(layout: BlobLayout): number {
  return Math.ceil(layout.blobBytes / fullStripeBytes(layout));
}

/** Bytes of the blob in stripe `stripe`. */
export function stripeDataBytes(layout: BlobLayout, stripe: number): number {
  const full = fullStripeBytes(layout);
  return Math.max(0, Math.min(full, layout.blobBytes - stripe * full));
}

/** Bytes of each block of stripe `stripe`: the layout's, less in the last stripe. */
export function stripeBlockBytes(layout: BlobLayout, stripe: number): number {
  return blockBytesOf(layout, stripeDataBytes(layout, stripe));
}

/** Bytes of each block of a stripe that holds `dataBytes` of the blob. */
export function blockBytesOf({ k }: Geometry, dataBytes: number): number {
  return roundUpToUnit(Math.ceil(dataBytes / k));
}

/** Where stripe `stripe`'s frame begins in each shard file. */
export function frameOffset({ blockBytes }: BlobLayout, stripe: number): number {
  return SHARD_HEADER_BYTES + stripe * (blockBytes + FRAME_CHECK_BYTES);
}

/** Bytes of each frame of stripe `stripe`: its block and the block's check. */
export function frameBytes(layout: BlobLayout, stripe: number): number {
  return stripeBlockBytes(layout, stripe) + FRAME_CHECK_BYTES;
}

/** Bytes of each of the blob's shard files. An empty blob has headers only. */
export function shardBytes(layout: BlobLayout): number {
  const last = stripeCount(layout) - 1;
  return last < 0 ? SHARD_HEADER_BYTES : frameOffset(layout, last) + frameBytes(layout, last);
}

/** A piece of a data block that a range touches. `shard` is the data shard's index; `begin` and `end` are offsets in its block. */
export interface BlockPiece {
  readonly shard: number;
  readonly begin: number;
  readonly end: number;
}

/** First and last stripe (inclusive) of the range [offset, offset + length), which lies in the blob; null if it is empty. */
export function stripesOfRange(
  layout: BlobLayout,
  offset: number,
  length: number,
): { first: number; last: number } | null {
  if (offset < 0 || length < 0 || offset + length > layout.blobBytes) throw new RangeError("range outside of the blob");
  if (length === 0) return null;
  const full = fullStripeBytes(layout);
  return { first: Math.floor(offset / full), last: Math.floor((offset + length - 1) / full) };
}

/** The pieces of stripe `stripe`'s data blocks that lie in the range [offset, offset + length) of the blob. */
export function piecesOfStripe(layout: BlobLayout, stripe: number, offset: number, length: number): BlockPiece[] {
  const start = stripe * fullStripeBytes(layout);
  const block = stripeBlockBytes(layout, stripe);
  const from = Math.max(0, offset - start);
  const to = Math.min(stripeDataBytes(layout, stripe), offset + length - start);
  const pieces: BlockPiece[] = [];
  for (let at = from; at < to; ) {
    const shard = Math.floor(at / block);
    const end = Math.min(to, (shard + 1) * block);
    pieces.push({ shard, begin: at - shard * block, end: end - shard * block });
    at = end;
  }
  return pieces;
}
