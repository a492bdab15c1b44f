// The kernel's interface to its host. All addresses are byte offsets into the one memory, which the host provides and never grows.

import { crc64Join, crc64nvme, crc64Pad } from "./crc";
import { encodeSpecialised, fillMd5Constants, multiply, pairSpecialised, rowOver, xorSpecialised } from "./generated";
import { CHUNK_BYTES, IDENTITY, PLAN, PRODUCT, SLOT_BYTES, SOURCES, SYNDROMES, ZEROS } from "./memory";
import { fillCrcTables } from "./slice";

export { crc32, crc32c, crc64nvme } from "./crc";
export { md5 } from "./generated";
export { IDENTITY, INPUT, INPUT_BYTES, MD5_LANES, MD5_PAGES, MD5_STATES, PLAN, SLOT_BYTES, SLOTS } from "./memory";
export { XXH_SECRET, XXH_STATE } from "./memory";
export { xxh3, xxh3Last, xxh64 } from "./xxhash";

/** See planes.mjs, which computes the same. */
const FRAME_STRIDE_MAX: usize = 262144 + 4096 - 128;

/** Must be called once, before anything else. */
export function initialise(): void {
  fillCrcTables();
  fillMd5Constants();
}

/** Distance in bytes of two frames in a slot. */
export function frameStride(frames: usize): usize {
  return min(FRAME_STRIDE_MAX, (SLOT_BYTES / frames) & ~127);
}

/** Fills the parity blocks of the stripe at `base` from its data blocks; `blockBytes` is a multiple of 128. */
export function encode(k: usize, m: usize, base: usize, blockBytes: usize): void {
  const stride = frameStride(k + m);
  for (let done = encodeSpecialised(k, m, base, blockBytes); done < blockBytes; done += CHUNK_BYTES) {
    const bytes = min(CHUNK_BYTES, blockBytes - done);
    for (let shard: usize = 0; shard < k; shard++) setSource(shard, base + shard * stride + done);
    for (let row: usize = 0; row < m; row++) rowOver(<u32>row, k, 0, base + (k + row) * stride + done, bytes);
  }
}

/** Fills parity block `parity` alone; see `encode`. */
export function row(parity: u32, k: usize, m: usize, base: usize, blockBytes: usize): void {
  const stride = frameStride(k + m);
  const done = parity ? 0 : xorSpecialised(k, m, base, blockBytes);
  for (let shard: usize = 0; shard < k; shard++) setSource(shard, base + shard * stride + done);
  rowOver(parity, k, 0, base + (k + parity) * stride + done, blockBytes - done);
}

// @ts-ignore: decorator
@inline
function setSource(index: usize, address: usize): void {
  store<u32>(SOURCES + (index << 2), <u32>address);
}

/**
 * Encodes the stripe at `base` and writes each frame's check after its block. IDENTITY holds blob id and stripe number.
 * Data blocks are already padded with zeros. Returns the CRC-64/NVME of the `dataBytes` bytes without padding.
 *
 * The first parity block is the XOR of the data blocks, so its CRC is that of theirs and the block is not read again. (Should it
 * have been computed wrongly, its check then fails, as it must.)
 */
export function seal(k: usize, m: usize, base: usize, blockBytes: usize, dataBytes: usize): u64 {
  encode(k, m, base, blockBytes);
  const stride = frameStride(k + m);
  let whole: u64 = 0;
  let parity: u64 = k & 1 ? 0 : crc64Pad(0, blockBytes);
  for (let shard: usize = 0; shard < k; shard++) {
    const used = dataBytes < blockBytes ? dataBytes : blockBytes;
    dataBytes -= used;
    let crc = crc64nvme(base + shard * stride, used, 0);
    if (used) whole = crc64Join(whole, crc, used);
    if (used < blockBytes) crc = crc64Pad(crc, blockBytes - used);
    parity ^= crc;
    writeCheck(base + shard * stride, blockBytes, <u32>shard, crc);
  }
  for (let row: usize = 0; row < m; row++) {
    const block = base + (k + row) * stride;
    const known = row == 0 || k == 1;
    writeCheck(block, blockBytes, <u32>(k + row), known ? parity : crc64nvme(block, blockBytes, 0));
  }
  return whole;
}

/** Writes the check after a block of the shard `shard`, whose CRC is `crc`. */
function writeCheck(block: usize, blockBytes: usize, shard: u32, crc: u64): void {
  store<u32>(IDENTITY + 16, shard);
  store<u64>(block + blockBytes, crc ^ crc64nvme(IDENTITY, 24, 0));
}

// What the host leaves at PLAN, u32 each: `lost` data shards, ascending; at PLAN+16 as many parity rows, ascending; at PLAN+32 the
// `lost` by `lost` matrix that takes the rows' syndromes to the lost shards.

// @ts-ignore: decorator
@inline
function lostShard(index: usize): usize {
  return load<u32>(PLAN + (index << 2));
}

// @ts-ignore: decorator
@inline
function syndromeRow(index: usize): usize {
  return load<u32>(PLAN + 16 + (index << 2));
}

/** Rebuilds `lost` data blocks of the stripe at `base` in their places, by the plan at PLAN. All blocks it reads are in theirs. */
export function solve(k: usize, m: usize, base: usize, blockBytes: usize, lost: usize): void {
  const stride = frameStride(k + m);
  const isPair = lost == 2 && syndromeRow(0) == 0;
  let done: usize = 0;
  if (isPair && syndromeRow(1) == 1) done = pairSpecialised(k, m, lostShard(0), lostShard(1), base, blockBytes);
  for (; done < blockBytes; done += CHUNK_BYTES) {
    const bytes = min(CHUNK_BYTES, blockBytes - done);
    if (isPair) solvePair(k, base + done, stride, bytes);
    else solveChunk(k, base + done, stride, bytes, lost);
  }
}

/**
 * Two lost shards a < b by row 0 and another, with powers p of alpha: S0 = da + db and Sr = p^a * da + p^b * db. Row r over all
 * shards with S0 in the place of a is Sr + p^a * S0 = (p^a + p^b) * db, and the matrix's last factor is the inverse of that sum.
 */
function solvePair(k: usize, base: usize, stride: usize, bytes: usize): void {
  const first = base + lostShard(0) * stride;
  const second = base + lostShard(1) * stride;
  let sources: usize = 0;
  for (let shard: usize = 0; shard <= k; shard++)
    if (shard != lostShard(0) && shard != lostShard(1)) setSource(sources++, base + shard * stride);
  rowOver(0, sources, 0, first, bytes);
  for (let shard: usize = 0; shard < k; shard++) setSource(shard, base + shard * stride);
  setSource(lostShard(1), ZEROS);
  rowOver(<u32>syndromeRow(1), k, base + (k + syndromeRow(1)) * stride, SYNDROMES, bytes);
  multiply(load<u32>(PLAN + 32 + 12), SYNDROMES, second, first, bytes);
}

/** Any lost shards by any rows: each row's syndrome, then the matrix. */
function solveChunk(k: usize, base: usize, stride: usize, bytes: usize, lost: usize): void {
  for (let shard: usize = 0; shard < k; shard++) setSource(shard, base + shard * stride);
  for (let i: usize = 0; i < lost; i++) setSource(lostShard(i), ZEROS);
  for (let i: usize = 0; i < lost; i++) {
    const row = syndromeRow(i);
    rowOver(<u32>row, k, base + (k + row) * stride, SYNDROMES + i * CHUNK_BYTES, bytes);
  }
  const plainSum = syndromeRow(0) == 0;
  const first = base + lostShard(0) * stride;
  // Row 0's syndrome is the plain sum of the lost shards: the first is what the others leave of it.
  if (plainSum) memory.copy(first, SYNDROMES, bytes);
  for (let i: usize = plainSum ? 1 : 0; i < lost; i++) {
    const out = base + lostShard(i) * stride;
    memory.fill(out, 0, bytes);
    for (let j: usize = 0; j < lost; j++)
      multiply(load<u32>(PLAN + 32 + ((i * lost + j) << 2)), SYNDROMES + j * CHUNK_BYTES, PRODUCT, out, bytes);
    if (plainSum) multiply(1, out, PRODUCT, first, bytes);
  }
}
