// XXH64 and XXH3 over whole stripes. What is left of a message that is no stripe, and its end, are the host's: see ../xxhash.ts.
// Specification: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

import { XXH_SECRET, XXH_STATE } from "./memory";

const PRIME64_1: u64 = 0x9e3779b185ebca87;
const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME32_1: u64 = 0x9e3779b1;

/** Stripes of XXH3 between two scramblings, for the secret of 192 bytes. */
const BLOCK_STRIPES: usize = 16;
const STRIPE_BYTES: usize = 64;

// @ts-ignore: decorator
@inline
function round64(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME64_2, 31) * PRIME64_1;
}

/** Takes `stripes` stripes of 32 bytes at `p` into the four lanes at XXH_STATE. */
export function xxh64(p: usize, stripes: usize): void {
  let a = load<u64>(XXH_STATE);
  let b = load<u64>(XXH_STATE + 8);
  let c = load<u64>(XXH_STATE + 16);
  let d = load<u64>(XXH_STATE + 24);
  for (let end = p + (stripes << 5); p < end; p += 32) {
    a = round64(a, load<u64>(p));
    b = round64(b, load<u64>(p + 8));
    c = round64(c, load<u64>(p + 16));
    d = round64(d, load<u64>(p + 24));
  }
  store<u64>(XXH_STATE, a);
  store<u64>(XXH_STATE + 8, b);
  store<u64>(XXH_STATE + 16, c);
  store<u64>(XXH_STATE + 24, d);
}

// @ts-ignore: decorator
@inline
function accumulate(acc: v128, data: v128, secret: v128): v128 {
  const key = v128.xor(data, secret);
  const low = v128.shuffle<u32>(key, key, 0, 2, 0, 2);
  const high = v128.shuffle<u32>(key, key, 1, 3, 1, 3);
  const swapped = v128.shuffle<u64>(data, data, 1, 0);
  return i64x2.add(i64x2.add(acc, swapped), i64x2.extmul_low_i32x4_u(low, high));
}

// @ts-ignore: decorator
@inline
function scramble(acc: v128, secret: v128): v128 {
  const mixed = v128.xor(v128.xor(acc, i64x2.shr_u(acc, 47)), secret);
  return i64x2.mul(mixed, i64x2.splat(PRIME32_1));
}

/**
 * Takes `stripes` stripes of 64 bytes at `p` into the eight accumulators at XXH_STATE, of which `before` stripes of the block are
 * done. Returns how many of the block are done afterwards.
 */
export function xxh3(p: usize, stripes: usize, before: usize): usize {
  let a = v128.load(XXH_STATE);
  let b = v128.load(XXH_STATE, 16);
  let c = v128.load(XXH_STATE, 32);
  let d = v128.load(XXH_STATE, 48);
  let done = before;
  for (let end = p + stripes * STRIPE_BYTES; p < end; p += STRIPE_BYTES) {
    const secret = XXH_SECRET + (done << 3);
    a = accumulate(a, v128.load(p), v128.load(secret));
    b = accumulate(b, v128.load(p, 16), v128.load(secret, 16));
    c = accumulate(c, v128.load(p, 32), v128.load(secret, 32));
    d = accumulate(d, v128.load(p, 48), v128.load(secret, 48));
    if (++done == BLOCK_STRIPES) {
      done = 0;
      a = scramble(a, v128.load(XXH_SECRET, 128));
      b = scramble(b, v128.load(XXH_SECRET, 144));
      c = scramble(c, v128.load(XXH_SECRET, 160));
      d = scramble(d, v128.load(XXH_SECRET, 176));
    }
  }
  v128.store(XXH_STATE, a);
  v128.store(XXH_STATE, b, 16);
  v128.store(XXH_STATE, c, 32);
  v128.store(XXH_STATE, d, 48);
  return done;
}

/** The last stripe of a message, at `p`, with the secret from byte 121 on; no scrambling follows. */
export function xxh3Last(p: usize): void {
  const secret = XXH_SECRET + 121;
  for (let at: usize = 0; at < STRIPE_BYTES; at += 16) {
    const acc = accumulate(v128.load(XXH_STATE + at), v128.load(p + at), v128.load(secret + at));
    v128.store(XXH_STATE + at, acc);
  }
}
