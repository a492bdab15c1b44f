import { strict as assert } from "node:assert";
import type { ErasureEngine } from "./engine.ts";
import { littleEndian, PRIMES, u64 } from "./xxhash-mixing.ts";
import { avalanche64, longHash64, longHash128, shortHash64, shortHash128 } from "./xxhash-short.ts";

/**
 * XXH64, XXH3 with 64 bits and XXH3 with 128 bits, without seed, of messages that come piece by piece; whole stripes are the
 * kernel's. Specification: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */

const STRIPE64_BYTES = 32;
const STRIPE3_BYTES = 64;
/** XXH3 keeps so much of the beginning: messages up to 240 bytes have a hash of their own. */
const HELD_BYTES = 256;
const SHORT_BYTES_MAX = 240;

const { P32_1, P32_2, P32_3, P64_1, P64_2, P64_3, P64_4, P64_5 } = PRIMES;

function lanesOf(values: readonly bigint[]): Uint8Array {
  const lanes = new Uint8Array(8 * values.length);
  const view = new DataView(lanes.buffer);
  values.forEach((value, i) => {
    view.setBigUint64(8 * i, value, true);
  });
  return lanes;
}

/** As S3 and xxHash's own tools print it: most significant byte first. */
function bigEndian(...words: bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setBigUint64(8 * i, word);
  });
  return bytes;
}

export class Xxh64 {
  readonly #engine: ErasureEngine;
  readonly #lanes = lanesOf([u64(P64_1 + P64_2), P64_2, 0n, u64(-P64_1)]);
  readonly #held = new Uint8Array(STRIPE64_BYTES);
  #heldBytes = 0;
  #totalBytes = 0;

  constructor(engine: ErasureEngine) {
    this.#engine = engine;
  }

  update(bytes: Uint8Array): void {
    this.#totalBytes += bytes.length;
    let rest = bytes;
    if (this.#heldBytes > 0) {
      rest = bytes.subarray(this.#hold(bytes));
      if (this.#heldBytes < STRIPE64_BYTES) return;
      this.#engine.xxh64(this.#held, this.#lanes);
      this.#heldBytes = 0;
    }
    const whole = rest.length - (rest.length % STRIPE64_BYTES);
    if (whole > 0) this.#engine.xxh64(rest.subarray(0, whole), this.#lanes);
    this.#hold(rest.subarray(whole));
  }

  digest(): Uint8Array {
    const held = this.#held.subarray(0, this.#heldBytes);
    return bigEndian(finish64(this.#lanes, held, this.#totalBytes));
  }

  /** Keeps what fits, and returns the number of bytes kept. */
  #hold(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, STRIPE64_BYTES - this.#heldBytes);
    this.#held.set(taken, this.#heldBytes);
    this.#heldBytes += taken.length;
    return taken.length;
  }
}

const rotate = (value: bigint, bits: bigint) => u64((value << bits) | (value >> (64n - bits)));
const round = (lane: bigint, input: bigint) => u64(rotate(u64(lane + input * P64_2), 31n) * P64_1);

/** The lanes, if there was a whole stripe, and the bytes that follow the last one. */
function finish64(lanes: Uint8Array, rest: Uint8Array, totalBytes: number): bigint {
  let hash: bigint = P64_5;
  if (totalBytes >= STRIPE64_BYTES) {
    const words = [0, 8, 16, 24].map((offset) => littleEndian(lanes, offset, 8));
    hash = [1n, 7n, 12n, 18n].reduce((sum, bits, i) => u64(sum + rotate(words[i] as bigint, bits)), 0n);
    for (const word of words) hash = u64((hash ^ round(0n, word)) * P64_1 + P64_4);
  }
  hash = u64(hash + BigInt(totalBytes));
  let at = 0;
  for (; at + 8 <= rest.length; at += 8) {
    hash = u64(rotate(hash ^ round(0n, littleEndian(rest, at, 8)), 27n) * P64_1 + P64_4);
  }
  if (at + 4 <= rest.length) {
    hash = u64(rotate(hash ^ u64(littleEndian(rest, at, 4) * P64_1), 23n) * P64_2 + P64_3);
    at += 4;
  }
  for (; at < rest.length; at++) hash = u64(rotate(hash ^ u64(BigInt(rest[at] as number) * P64_5), 11n) * P64_1);
  return avalanche64(hash);
}

export class Xxh3 {
  readonly #engine: ErasureEngine;
  readonly #bits: 64 | 128;
  readonly #lanes = lanesOf([P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]);
  /** Before any stripe is taken all of the message, then the 1 to 256 bytes at its end. */
  readonly #held = new Uint8Array(HELD_BYTES);
  #heldBytes = 0;
  /** The stripe before what is held. */
  readonly #previous = new Uint8Array(STRIPE3_BYTES);
  /** Of the block. */
  #stripesDone = 0;
  #totalBytes = 0;

  constructor(engine: ErasureEngine, bits: 64 | 128) {
    this.#engine = engine;
    this.#bits = bits;
  }

  update(bytes: Uint8Array): void {
    this.#totalBytes += bytes.length;
    const room = HELD_BYTES - this.#heldBytes;
    this.#held.set(bytes.subarray(0, room), this.#heldBytes);
    this.#heldBytes += Math.min(room, bytes.length);
    if (bytes.length <= room) return;
    this.#take(this.#held);
    // The last byte is always kept: the last stripe is hashed otherwise than those before.
    const rest = bytes.subarray(room);
    const whole = rest.length - 1 - ((rest.length - 1) % STRIPE3_BYTES);
    if (whole > 0) this.#take(rest.subarray(0, whole));
    this.#held.set(rest.subarray(whole));
    this.#heldBytes = rest.length - whole;
  }

  digest(): Uint8Array {
    const held = this.#held.subarray(0, this.#heldBytes);
    if (this.#totalBytes <= SHORT_BYTES_MAX) {
      return this.#bits === 64 ? bigEndian(shortHash64(held)) : bigEndian(...shortHash128(held));
    }
    const whole = held.length - 1 - ((held.length - 1) % STRIPE3_BYTES);
    if (whole > 0) this.#take(held.subarray(0, whole));
    const end = new Uint8Array([...this.#previous, ...held.subarray(whole)]).subarray(-STRIPE3_BYTES);
    this.#engine.xxh3Last(end, this.#lanes);
    const length = BigInt(this.#totalBytes);
    return this.#bits === 64
      ? bigEndian(longHash64(this.#lanes, length))
      : bigEndian(...longHash128(this.#lanes, length));
  }

  #take(stripes: Uint8Array): void {
    assert.ok(stripes.length % STRIPE3_BYTES === 0);
    this.#stripesDone = this.#engine.xxh3(stripes, this.#lanes, this.#stripesDone);
    this.#previous.set(stripes.subarray(-STRIPE3_BYTES));
  }
}
