import { strict as assert } from "node:assert";
import { assertGeometry, type Geometry, largestBlockBytes } from "./geometry.ts";
import type { KernelInstance } from "./kernel.ts";
import { blockBytesOf, FRAME_CHECK_BYTES } from "./layout.ts";
import { BLOB_ID_BYTES } from "./shard-header.ts";
import { type RebuiltStripe, StripeRebuild } from "./stripe-rebuild.ts";

/** A stripe as it goes to the drives. */
export interface SealedStripe {
  /**
   * The k+m frames, data shards first: views of the kernel's memory, valid until the buffer's next `begin` or `release`, so
   * their writer must be done by then.
   */
  readonly frames: Uint8Array[];
  /** CRC-64/NVME of the stripe's data without padding. */
  readonly crc64: bigint;
  /** Length of that data. */
  readonly dataBytes: number;
}

interface Stripe {
  readonly geometry: Geometry;
  /** As it is stored: room for tags included. */
  readonly dataBytes: number;
  readonly blockBytes: number;
  readonly strideBytes: number;
  /** Bytes at the end of each data block that are kept free for its tag. */
  readonly tagBytes: number;
}

/**
 * One slot of the kernel's memory, from `ErasureEngine.acquire` until `release`: filled, sealed and filled again. Keep a
 * reference to it for as long as its frames are in use: a buffer that is forgotten is taken back.
 */
export class StripeBuffer {
  readonly #instance: KernelInstance;
  readonly #base: number;
  readonly #onRelease: (released: StripeBuffer) => void;
  #stripe: Stripe | null = null;
  #filledBytes = 0;
  #released = false;

  /** For the pool: `base` is the slot's address, `onRelease` is called once. */
  constructor(instance: KernelInstance, base: number, onRelease: (released: StripeBuffer) => void) {
    this.#instance = instance;
    this.#base = base;
    this.#onRelease = onRelease;
  }

  /**
   * Starts a stripe of `dataBytes` bytes, 1 up to k largest blocks. Its blocks are as long as they must be (see `blockBytesOf`).
   * Frames of the stripe before become invalid. `tagBytes`: each data block keeps that many bytes free at its end, which are among
   * `dataBytes`; what `append` put into a block is then to be replaced by its sealed form, with `put`.
   */
  begin(geometry: Geometry, dataBytes: number, tagBytes = 0): void {
    assert.ok(!this.#released, "buffer was released");
    assertGeometry(geometry);
    assert.ok(Number.isInteger(dataBytes) && dataBytes > 0, "a stripe holds at least one byte");
    assert.ok(dataBytes <= geometry.k * largestBlockBytes(geometry), "stripe is too long");
    assert.ok(tagBytes === 0 || dataBytes > geometry.k * tagBytes, "a stripe of tags alone");
    const strideBytes = this.#instance.kernel.frameStride(geometry.k + geometry.m);
    this.#stripe = { geometry, dataBytes, blockBytes: blockBytesOf(geometry, dataBytes), strideBytes, tagBytes };
    this.#filledBytes = 0;
  }

  /** Bytes that `append` will still take. */
  get missingBytes(): number {
    return this.#stripe === null ? 0 : roomOf(this.#stripe) - this.#filledBytes;
  }

  /** Copies as many bytes as are missing, from the start of `bytes`, and returns how many. */
  append(bytes: Uint8Array): number {
    const stripe = this.#stripe;
    assert.ok(stripe !== null && !this.#released, "append outside of a stripe");
    const taken = Math.min(bytes.length, this.missingBytes);
    for (let at = 0; at < taken; ) {
      const capacity = stripe.blockBytes - stripe.tagBytes;
      const block = Math.floor(this.#filledBytes / capacity);
      const offset = this.#filledBytes - block * capacity;
      const length = Math.min(taken - at, capacity - offset);
      const piece = at === 0 && length === bytes.length ? bytes : bytes.subarray(at, at + length);
      this.#instance.memory.set(piece, this.#base + block * stripe.strideBytes + offset);
      at += length;
      this.#filledBytes += length;
    }
    return taken;
  }

  /** What `append` put into each data block, block by block: views of the kernel's memory, not of empty blocks. */
  get blocks(): Uint8Array[] {
    const stripe = this.#stripe;
    assert.ok(stripe !== null && !this.#released, "blocks outside of a stripe");
    return this.#runs(stripe).map(([start, length]) => this.#instance.memory.subarray(start, start + length));
  }

  /** Replaces what `append` put into data block `block` by its sealed form, `tagBytes` longer. */
  put(block: number, sealed: Uint8Array): void {
    const stripe = this.#stripe;
    assert.ok(stripe !== null && !this.#released, "put outside of a stripe");
    const run = this.#runs(stripe)[block];
    assert.ok(run !== undefined && sealed.length === run[1] + stripe.tagBytes, "a sealed block has another length");
    this.#instance.memory.set(sealed, run[0]);
  }

  /** A copy of the bytes that were appended so far. */
  copyOut(): Uint8Array {
    const { blocks } = this;
    const bytes = new Uint8Array(this.#filledBytes);
    let at = 0;
    for (const block of blocks) {
      bytes.set(block, at);
      at += block.length;
    }
    return bytes;
  }

  /** Encodes the full stripe, number `stripe` of blob `blobId`, and computes the checks of its frames. */
  seal(blobId: Uint8Array, stripe: number): SealedStripe {
    assert.ok(this.#stripe !== null && !this.#released, "seal outside of a stripe");
    assert.ok(this.missingBytes === 0, `stripe lacks ${this.missingBytes} bytes`);
    assert.ok(blobId.length === BLOB_ID_BYTES);
    const { kernel, memory } = this.#instance;
    const { geometry, dataBytes, blockBytes, strideBytes } = this.#stripe;
    this.#pad(this.#stripe);
    const identity = kernel.IDENTITY.value as number;
    memory.set(blobId, identity);
    new DataView(memory.buffer).setUint32(identity + 20, stripe, true);
    const crc64 = BigInt.asUintN(64, kernel.seal(geometry.k, geometry.m, this.#base, blockBytes, dataBytes));
    const frames = Array.from({ length: geometry.k + geometry.m }, (_, shard) => {
      const start = this.#base + shard * strideBytes;
      return memory.subarray(start, start + blockBytes + FRAME_CHECK_BYTES);
    });
    return { frames, crc64, dataBytes };
  }

  /** CRC-32 or CRC-32C of what `append` took, continuing from `crc`, that of the bytes before. To be asked before blocks are sealed. */
  crc32OfData(name: "crc32" | "crc32c", crc: number): number {
    assert.ok(this.#stripe !== null && !this.#released, "crc outside of a stripe");
    let value = crc;
    for (const [start, length] of this.#runs(this.#stripe)) value = this.#instance.kernel[name](start, length, value);
    return value >>> 0;
  }

  /** CRC-64/NVME, likewise. Without tags `seal` gives it for nothing. */
  crc64OfData(crc: bigint): bigint {
    assert.ok(this.#stripe !== null && !this.#released, "crc outside of a stripe");
    let value = crc;
    for (const [start, length] of this.#runs(this.#stripe)) {
      value = this.#instance.kernel.crc64nvme(start, length, value);
    }
    return BigInt.asUintN(64, value);
  }

  /** Starts a stripe of which k frames are known and others are to be computed. Frames of the stripe before become invalid. */
  rebuild(geometry: Geometry, of: RebuiltStripe): StripeRebuild {
    assert.ok(!this.#released, "buffer was released");
    this.#stripe = null;
    return new StripeRebuild(this.#instance, this.#base, { ...of, geometry });
  }

  /** Returns the slot to the pool. The buffer and the frames it gave out must not be used again; further calls do nothing. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#stripe = null;
    this.#onRelease(this);
  }

  /** Address and length of what `append` took, by data block. */
  #runs({ blockBytes, strideBytes, tagBytes }: Stripe): [start: number, length: number][] {
    const capacity = blockBytes - tagBytes;
    const blocks = Math.ceil(this.#filledBytes / capacity);
    return Array.from({ length: blocks }, (_, block) => [
      this.#base + block * strideBytes,
      Math.min(capacity, this.#filledBytes - block * capacity),
    ]);
  }

  /** Zeros after the data, to the end of each data block. */
  #pad(stripe: Stripe): void {
    const { geometry, blockBytes, strideBytes, tagBytes } = stripe;
    const runs = this.#runs(stripe);
    for (let block = 0; block < geometry.k; block++) {
      const start = this.#base + block * strideBytes;
      const run = runs[block];
      this.#instance.memory.fill(0, start + (run ? run[1] + tagBytes : 0), start + blockBytes);
    }
  }
}

/** How many bytes `append` takes in all. */
function roomOf({ geometry, dataBytes, tagBytes }: Stripe): number {
  return dataBytes - geometry.k * tagBytes;
}
