// The kernel's interface to its host. All addresses are byte offsets into the one memory, which the host provides and never grows.

import { crc64Join, crc64nvme, crc64Pad, initialiseCrc } from "./crc";
import { encodeSpecialised, multiplyInto, rowOver } from "./generated";
import { CHUNK_BYTES, IDENTITY, PLAN, SLOT_BYTES, SOURCES, SYNDROMES, ZEROS } from "./memory";

export { crc32, crc32c, crc64nvme } from "./crc";
export { IDENTITY, INPUT, INPUT_BYTES, PLAN, SLOT_BYTES, SLOTS } from "./memory";

const FRAME_STRIDE_MAX: usize = 262144 + 128;

/** Must be called once, before anything else. */
export function initialise(): void {
  initialiseCrc();
}

/** Distance in bytes of two frames in a slot. */
export function frameStride(frames: usize): usize {
  return min(FRAME_STRIDE_MAX, (SLOT_BYTES / frames) & ~127);
}

/** Fills the parity blocks of the stripe at `base` from its data blocks; `blockBytes` is a multiple of 128. */
export function encode(k: usize, m: usize, base: usize, blockBytes: usize): void {
  if (encodeSpecialised(k, m, base, blockBytes)) return;
  const stride = frameStride(k + m);
  for (let done: usize = 0; done < blockBytes; done += CHUNK_BYTES) {
    const bytes = min(CHUNK_BYTES, blockBytes - done);
    for (let i: usize = 0; i < k; i++) store<u32>(SOURCES + (i << 2), <u32>(base + i * stride + done));
    for (let row: usize = 0; row < m; row++) rowOver(<u32>row, k, base + (k + row) * stride + done, bytes);
  }
}

/** Fills parity block `parity` alone; see `encode`. */
export function row(parity: u32, k: usize, m: usize, base: usize, blockBytes: usize): void {
  const stride = frameStride(k + m);
  for (let i: usize = 0; i < k; i++) store<u32>(SOURCES + (i << 2), <u32>(base + i * stride));
  rowOver(parity, k, base + (k + parity) * stride, blockBytes);
}

/**
 * Encodes the stripe at `base` and writes each frame's check after its block. IDENTITY holds blob id and stripe number.
 * Data blocks are already padded with zeros. Returns the CRC-64/NVME of the `dataBytes` bytes without padding.
 */
export function seal(k: usize, m: usize, base: usize, blockBytes: usize, dataBytes: usize): u64 {
  encode(k, m, base, blockBytes);
  const stride = frameStride(k + m);
  let whole: u64 = 0;
  for (let shard: usize = 0; shard < k + m; shard++) {
    const block = base + shard * stride;
    const before = shard * blockBytes;
    const used = shard < k ? (before < dataBytes ? min(blockBytes, dataBytes - before) : 0) : blockBytes;
    let crc = crc64nvme(block, used, 0);
    if (shard < k && used) whole = crc64Join(whole, crc, used);
    if (used < blockBytes) crc = crc64Pad(crc, blockBytes - used);
    store<u32>(IDENTITY + 16, <u32>shard);
    store<u64>(block + blockBytes, crc ^ crc64nvme(IDENTITY, 24, 0));
  }
  return whole;
}

/**
 * Solves for lost data shards. The host leaves at PLAN, all u32: addresses of the k data blocks (0 where lost); at PLAN+64
 * `lost` parity row numbers; at PLAN+80 the addresses of those rows' blocks; at PLAN+96 `lost` addresses to write to; at
 * PLAN+112 the `lost` by `lost` matrix that takes the syndromes to the lost shards.
 */
export function solve(k: usize, lost: usize, blockBytes: usize): void {
  for (let done: usize = 0; done < blockBytes; done += CHUNK_BYTES) {
    const bytes = min(CHUNK_BYTES, blockBytes - done);
    for (let i: usize = 0; i < k; i++) {
      const block = load<u32>(PLAN + (i << 2));
      store<u32>(SOURCES + (i << 2), block ? block + <u32>done : <u32>ZEROS);
    }
    for (let i: usize = 0; i < lost; i++) {
      const syndrome = SYNDROMES + i * CHUNK_BYTES;
      rowOver(load<u32>(PLAN + 64 + (i << 2)), k, syndrome, bytes);
      multiplyInto(1, <usize>load<u32>(PLAN + 80 + (i << 2)) + done, syndrome, bytes);
    }
    for (let i: usize = 0; i < lost; i++) {
      const out = <usize>load<u32>(PLAN + 96 + (i << 2)) + done;
      memory.fill(out, 0, bytes);
      for (let j: usize = 0; j < lost; j++) {
        const factor = load<u32>(PLAN + 112 + ((i * lost + j) << 2));
        multiplyInto(factor, SYNDROMES + j * CHUNK_BYTES, out, bytes);
      }
    }
  }
}
