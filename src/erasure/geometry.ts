import { strict as assert } from "node:assert";

/** k data shards and m parity shards; any k of the k+m rebuild the rest. */
export interface Geometry {
  readonly k: number;
  readonly m: number;
}

/** The kernel's unit: eight bit-planes of 16 bytes. Every block is a multiple of it. */
export const UNIT_BYTES = 128;
/** What one stripe, frames and gaps included, may take of the kernel's memory. */
export const STRIPE_SLOT_BYTES = 2 * 1024 * 1024;
export const BLOCK_BYTES_MAX = 256 * 1024;

const DATA_SHARDS_MAX = 16;
const PARITY_SHARDS_MAX = 4;

/**
 * Data shards up to which the code is maximum-distance separable, by number of parity shards. Found by trying every erasure
 * pattern; the limits above lie inside.
 */
const MDS_DATA_SHARDS_MAX = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 40, 40, 21] as const;

/** True if 1 ≤ k ≤ 16 and 0 ≤ m ≤ 4, integers both. */
export function isGeometry({ k, m }: Geometry): boolean {
  if (!Number.isInteger(k) || k < 1 || k > DATA_SHARDS_MAX) return false;
  if (!Number.isInteger(m) || m < 0 || m > PARITY_SHARDS_MAX) return false;
  return k <= MDS_DATA_SHARDS_MAX[m as 0 | 1 | 2 | 3 | 4];
}

/** Throws unless `isGeometry`. */
export function assertGeometry(geometry: Geometry): void {
  assert.ok(isGeometry(geometry), `geometry ${geometry.k}+${geometry.m} is not supported: k is 1 to 16, m is 0 to 4`);
}

/** Bytes of the largest block of the geometry: 256 KiB, or less where k+m frames of it would exceed a stripe's slot. */
export function largestBlockBytes({ k, m }: Geometry): number {
  const strideBytes = Math.floor(STRIPE_SLOT_BYTES / (k + m) / UNIT_BYTES) * UNIT_BYTES;
  return Math.min(BLOCK_BYTES_MAX, strideBytes - UNIT_BYTES);
}

/** Block size in bytes for a new blob: the largest, or for a blob under one stripe just what holds it, in units of 128. */
export function blockBytesFor(geometry: Geometry, blobBytes: number): number {
  assertGeometry(geometry);
  assert.ok(Number.isSafeInteger(blobBytes) && blobBytes >= 0);
  return Math.min(largestBlockBytes(geometry), Math.max(UNIT_BYTES, roundUpToUnit(Math.ceil(blobBytes / geometry.k))));
}

/** `bytes` rounded up to a multiple of 128. */
export function roundUpToUnit(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES;
}
