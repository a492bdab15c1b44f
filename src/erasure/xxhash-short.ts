import { littleEndian, PRIMES, SECRET, u64 } from "./xxhash-mixing.ts";

/** XXH3's hashes of up to 240 bytes, and the end of those of more. All without seed. */

const { P32_2, P64_1, P64_2, P64_3, P64_4 } = PRIMES;
const MIX_1 = 0x165667919e3779f9n;
const MIX_2 = 0x9fb21c651e98df25n;

type Pair = [low: bigint, high: bigint];

const secret = (at: number) => littleEndian(SECRET, at, 8);
const secret32 = (at: number) => littleEndian(SECRET, at, 4);
const shift = (value: bigint, bits: bigint) => value ^ (value >> bits);
const swap64 = (value: bigint) => littleEndian(bigEndianBytes(value), 0, 8);
const rotate = (value: bigint, bits: bigint, width: 32 | 64) =>
  BigInt.asUintN(width, (value << bits) | (value >> (BigInt(width) - bits)));

function bigEndianBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** The end of XXH64, and of XXH3 of up to three bytes. */
export function avalanche64(value: bigint): bigint {
  return shift(u64(shift(u64(shift(value, 33n) * P64_2), 29n) * P64_3), 32n);
}

function avalanche(value: bigint): bigint {
  return shift(u64(shift(value, 37n) * MIX_1), 32n);
}

/** Both halves of the product. */
function multiply(a: bigint, b: bigint): Pair {
  const product = a * b;
  return [u64(product), product >> 64n];
}

function fold(a: bigint, b: bigint): bigint {
  const [low, high] = multiply(a, b);
  return low ^ high;
}

function mix16(bytes: Uint8Array, at: number, secretAt: number): bigint {
  return fold(littleEndian(bytes, at, 8) ^ secret(secretAt), littleEndian(bytes, at + 8, 8) ^ secret(secretAt + 8));
}

function mix32(acc: Pair, bytes: Uint8Array, [first, second]: readonly [number, number], secretAt: number): void {
  const sum = (at: number) => u64(littleEndian(bytes, at, 8) + littleEndian(bytes, at + 8, 8));
  acc[0] = u64(acc[0] + mix16(bytes, first, secretAt)) ^ sum(second);
  acc[1] = u64(acc[1] + mix16(bytes, second, secretAt + 16)) ^ sum(first);
}

function combined(bytes: Uint8Array): bigint {
  const [first = 0, last = 0] = [bytes[0], bytes.at(-1)];
  const middle = bytes[bytes.length >> 1] ?? 0;
  return BigInt(((first << 16) | (middle << 24) | last | (bytes.length << 8)) >>> 0);
}

/** Pairs of 16 bytes from both ends towards the middle, of 17 to 128 bytes: where each begins, and its secret. */
function* inward(length: number): Generator<readonly [number, number, number]> {
  for (let step = Math.ceil(length / 32) - 1; step >= 0; step--) {
    yield [16 * step, length - 16 * (step + 1), 32 * step];
  }
}

export function shortHash64(bytes: Uint8Array): bigint {
  const { length } = bytes;
  const size = BigInt(length);
  if (length === 0) return avalanche64(secret(56) ^ secret(64));
  if (length <= 3) return avalanche64(combined(bytes) ^ (secret32(0) ^ secret32(4)));
  if (length <= 8) {
    const input = littleEndian(bytes, length - 4, 4) + (littleEndian(bytes, 0, 4) << 32n);
    const keyed = input ^ secret(8) ^ secret(16);
    const mixed = u64((keyed ^ rotate(keyed, 49n, 64) ^ rotate(keyed, 24n, 64)) * MIX_2);
    return shift(u64((mixed ^ u64((mixed >> 35n) + size)) * MIX_2), 28n);
  }
  if (length <= 16) {
    const low = littleEndian(bytes, 0, 8) ^ secret(24) ^ secret(32);
    const high = littleEndian(bytes, length - 8, 8) ^ secret(40) ^ secret(48);
    return avalanche(u64(size + swap64(low) + high + fold(low, high)));
  }
  let acc = u64(size * P64_1);
  if (length <= 128) {
    for (const [first, second, at] of inward(length)) acc += mix16(bytes, first, at) + mix16(bytes, second, at + 16);
    return avalanche(u64(acc));
  }
  for (let i = 0; i < 8; i++) acc += mix16(bytes, 16 * i, 16 * i);
  let end = mix16(bytes, length - 16, 119);
  for (let i = 8; i < length >> 4; i++) end += mix16(bytes, 16 * i, 16 * (i - 8) + 3);
  return avalanche(u64(avalanche(u64(acc)) + end));
}

/** High half first, as it is printed. */
export function shortHash128(bytes: Uint8Array): Pair {
  const [low, high] = short128(bytes);
  return [high, low];
}

function short128(bytes: Uint8Array): Pair {
  const { length } = bytes;
  if (length === 0) return [avalanche64(secret(64) ^ secret(72)), avalanche64(secret(80) ^ secret(88))];
  if (length <= 3) return upTo3(bytes);
  if (length <= 8) return upTo8(bytes);
  if (length <= 16) return upTo16(bytes);
  const size = BigInt(length);
  const acc: Pair = [u64(size * P64_1), 0n];
  if (length <= 128) {
    for (const [first, second, at] of inward(length)) mix32(acc, bytes, [first, second], at);
  } else {
    for (let at = 0; at < 128; at += 32) mix32(acc, bytes, [at, at + 16], at);
    acc[0] = avalanche(acc[0]);
    acc[1] = avalanche(acc[1]);
    for (let at = 128; at + 32 <= length; at += 32) mix32(acc, bytes, [at, at + 16], at - 125);
    mix32(acc, bytes, [length - 16, length - 32], 103);
  }
  const high = u64(acc[0] * P64_1 + acc[1] * P64_4 + size * P64_2);
  return [avalanche(u64(acc[0] + acc[1])), u64(-avalanche(high))];
}

function upTo3(bytes: Uint8Array): Pair {
  const low = combined(bytes);
  const high = rotate(swap64(low) >> 32n, 13n, 32);
  return [avalanche64(low ^ secret32(0) ^ secret32(4)), avalanche64(high ^ secret32(8) ^ secret32(12))];
}

function upTo8(bytes: Uint8Array): Pair {
  const input = littleEndian(bytes, 0, 4) + (littleEndian(bytes, bytes.length - 4, 4) << 32n);
  let [low, high] = multiply(input ^ secret(16) ^ secret(24), P64_1 + BigInt(bytes.length << 2));
  high = u64(high + (low << 1n));
  low ^= high >> 3n;
  low = shift(u64(shift(low, 35n) * MIX_2), 28n);
  return [low, avalanche(high)];
}

function upTo16(bytes: Uint8Array): Pair {
  const last = littleEndian(bytes, bytes.length - 8, 8);
  let [low, high] = multiply(littleEndian(bytes, 0, 8) ^ last ^ secret(32) ^ secret(40), P64_1);
  low = u64(low + (BigInt(bytes.length - 1) << 54n));
  const keyed = last ^ secret(48) ^ secret(56);
  high = u64(high + keyed + (keyed & 0xffffffffn) * (P32_2 - 1n));
  low ^= swap64(high);
  const [productLow, productHigh] = multiply(low, P64_2);
  return [avalanche(productLow), avalanche(u64(productHigh + high * P64_2))];
}

/** The eight accumulators, after the last stripe, as one word. */
function merge(lanes: Uint8Array, secretAt: number, start: bigint): bigint {
  let sum = start;
  for (let at = 0; at < 64; at += 16) {
    const [a, b] = [littleEndian(lanes, at, 8), littleEndian(lanes, at + 8, 8)];
    sum += fold(a ^ secret(secretAt + at), b ^ secret(secretAt + at + 8));
  }
  return avalanche(u64(sum));
}

export function longHash64(lanes: Uint8Array, length: bigint): bigint {
  return merge(lanes, 11, u64(length * P64_1));
}

/** High half first. */
export function longHash128(lanes: Uint8Array, length: bigint): Pair {
  return [merge(lanes, 117, u64(~(length * P64_2))), longHash64(lanes, length)];
}
