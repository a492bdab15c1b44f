import { combineCrc } from "../../erasure/combine.ts";
import type { Geometry } from "../../erasure/geometry.ts";
import type { BlobRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { BlobReader } from "../read/read-blob.ts";
import { blobBytesMax } from "../write/blob-layouts.ts";
import { type WrittenBlob, writeBody } from "../write/write-blob.ts";

/** Stored bytes [offset, offset + length) of a blob, as they are: plain or sealed. */
export interface StoredRange {
  blob: BlobRow;
  offset: number;
  length: number;
}

/** Layout of the copies. */
export interface Target {
  geometry: Geometry;
  class: "small" | "large";
  storageClass: string;
}

/** A copy of stored bytes `at` and following of a range. */
export interface CopiedPiece {
  at: number;
  blob: WrittenBlob;
}

/** Options of a copy. */
export interface Copying {
  /** Each blob but the last holds a multiple of this many bytes. */
  unit: number;
  target: Target;
  /** Called between two pieces; true: the rest stays where it is. */
  isSpent: () => boolean;
}

/**
 * Copies stored bytes into as many new blobs as necessary. Each is complete in memory (20 MiB with
 * its parity) before it is written, and is read back and compared afterwards. Once `isSpent`, the
 * copy ends early, after at least one piece. If the range is a whole blob, its bytes are compared
 * with the CRC in the blob's row, including bytes that are not copied. If they do not match, each
 * shard is left out in turn, and the one at fault is recorded as damaged; such a blob is copied
 * completely. Throws `StoreError` drives-unavailable, no-space; blobs written before are garbage
 * then, which the walk deletes.
 */
export async function copyBytes(store: StoreContext, range: StoredRange, copying: Copying): Promise<CopiedPiece[]> {
  const { blob } = range;
  const isWhole = range.offset === 0 && range.length === blob.sizeBytes;
  for (const without of isWhole ? [null, ...blob.shards.keys()] : [null]) {
    // A later call, which continues with the rest, would not know which shard is wrong.
    const isSpent = without === null ? copying.isSpent : () => false;
    const pieces = await copyWithout(store, range, { ...copying, isSpent, without });
    if (!pieces) continue;
    if (isWhole && !(await isRight(store, blob, pieces))) continue;
    if (without !== null) await noteForged(store, blob, without);
    return pieces;
  }
  throw unreadable(blob, "its bytes do not agree with its CRC");
}

/** The most bytes of one copy. */
export function pieceBytesMax(geometry: Geometry, unit: number): number {
  return Math.floor(blobBytesMax(geometry, true) / unit) * unit;
}

/** Whether the pieces, and after them the rest of the blob, match the CRC in its row. */
async function isRight(store: StoreContext, blob: BlobRow, pieces: readonly CopiedPiece[]): Promise<boolean> {
  const done = copiedBytes(pieces);
  let crc = crcOf(pieces);
  if (done < blob.sizeBytes) {
    const length = blob.sizeBytes - done;
    crc = combineCrc(
      "crc64nvme",
      crc,
      await readCrc(store, new BlobReader(store, blob, { offset: done, length })),
      length,
    );
  }
  return crc === BigInt(`0x${blob.crc64nvme}`);
}

export function copiedBytes(pieces: readonly CopiedPiece[]): number {
  return pieces.reduce((sum, { blob }) => sum + blob.sizeBytes, 0);
}

async function readCrc(store: StoreContext, reader: BlobReader): Promise<bigint> {
  let crc = 0n;
  try {
    for (let piece = await reader.next(); piece; piece = await reader.next()) {
      crc = store.engine.crc64nvme(piece, crc);
    }
  } finally {
    await reader.cancel();
  }
  return crc;
}

/** The shards that may be left out; null if too few would remain. */
async function copyWithout(
  store: StoreContext,
  { blob, offset, length }: StoredRange,
  { unit, target, isSpent, without }: Copying & { without: number | null },
): Promise<CopiedPiece[] | null> {
  const pieceBytes = pieceBytesMax(target.geometry, unit);
  const pieces: CopiedPiece[] = [];
  try {
    for (let at = 0; at < length; at += pieceBytes) {
      const some = { offset: offset + at, length: Math.min(pieceBytes, length - at) };
      const reader = new BlobReader(store, blob, some);
      if (without !== null) reader.distrust(without);
      const written = await writeFrom(store, reader, { sizeBytes: some.length, target });
      await readBack(store, written);
      pieces.push({ at, blob: written });
      if (isSpent()) break;
    }
    return pieces;
  } catch (error) {
    const isShort = error instanceof StoreError && error.failure.kind === "drives-unavailable";
    if (isShort && without !== null) return null;
    throw error;
  }
}

async function writeFrom(
  store: StoreContext,
  reader: Pick<BlobReader, "next" | "cancel">,
  { sizeBytes, target }: { sizeBytes: number; target: Target },
): Promise<WrittenBlob> {
  try {
    const { blobs } = await writeBody(store, {
      source: { sizeBytes, readsDrives: true, digests: [], next: () => reader.next() },
      ...target,
      admitted: Promise.resolve(),
      verify: () => {},
    });
    const [written, ...others] = blobs;
    if (!written || others.length > 0) throw new Error("a piece that was to be one blob is more than one");
    return written;
  } finally {
    await reader.cancel();
  }
}

/** Copies bytes from memory into as many blobs as necessary, like `copyBytes`. */
export async function copyFromMemory(store: StoreContext, bytes: Uint8Array, target: Target): Promise<CopiedPiece[]> {
  const pieceBytes = pieceBytesMax(target.geometry, 1);
  const pieces: CopiedPiece[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const some = bytes.subarray(at, at + pieceBytes);
    let rest: Uint8Array | null = some;
    const reader = {
      next: async () => {
        const piece = rest;
        rest = null;
        return piece;
      },
      cancel: async () => {},
    };
    const blob = await writeFrom(store, reader, { sizeBytes: some.length, target });
    await readBack(store, blob);
    pieces.push({ at, blob });
  }
  return pieces;
}

/**
 * A whole blob whose bytes match the CRC in its row. For blobs that fit into memory. Throws
 * `StoreError` drives-unavailable.
 */
export async function readVerified(store: StoreContext, blob: BlobRow): Promise<Uint8Array> {
  for (const without of [null, ...blob.shards.keys()]) {
    const bytes = await readWithout(store, blob, without);
    if (!bytes || store.engine.crc64nvme(bytes) !== BigInt(`0x${blob.crc64nvme}`)) continue;
    if (without !== null) await noteForged(store, blob, without);
    return bytes;
  }
  throw unreadable(blob, "its bytes do not agree with its CRC");
}

async function readWithout(store: StoreContext, blob: BlobRow, without: number | null): Promise<Uint8Array | null> {
  const reader = new BlobReader(store, blob, { offset: 0, length: blob.sizeBytes });
  if (without !== null) reader.distrust(without);
  const bytes = new Uint8Array(blob.sizeBytes);
  let at = 0;
  try {
    for (let piece = await reader.next(); piece; piece = await reader.next()) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  } catch (error) {
    const isShort = error instanceof StoreError && error.failure.kind === "drives-unavailable";
    if (isShort && without !== null) return null;
    throw error;
  } finally {
    await reader.cancel();
  }
}

/** Checks that the drives return the new bytes: nothing old is dropped before that. */
async function readBack(store: StoreContext, blob: WrittenBlob): Promise<void> {
  const reader = new BlobReader(store, blob, { offset: 0, length: blob.sizeBytes });
  const crc = await readCrc(store, reader);
  if (crc !== BigInt(`0x${blob.crc64nvme}`)) throw unreadable(blob, "it was written, and other bytes came back");
  if (reader.damage.length > 0) throw unreadable(blob, "it was written, and not all of its shards came back whole");
}

function crcOf(pieces: readonly CopiedPiece[]): bigint {
  return pieces.reduce(
    (crc, { blob }) => combineCrc("crc64nvme", crc, BigInt(`0x${blob.crc64nvme}`), blob.sizeBytes),
    0n,
  );
}

async function noteForged(store: StoreContext, blob: BlobRow, shard: number): Promise<void> {
  await store.metadata.blobs.noteDamage([{ blobId: blob.id, shard, cause: "corrupt" }], [], store.clock.now());
}

function unreadable({ id, k }: BlobRow, reason: string): StoreError {
  const why = [{ drive: "all", reason: `blob ${id}: ${reason}` }];
  return new StoreError({ kind: "drives-unavailable", needed: k, available: 0, why });
}
