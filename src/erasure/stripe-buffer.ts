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
  readonly dataBytes: number;
  readonly blockBytes: number;
  readonly strideBytes: number;
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
   * Frames of the stripe before become invalid.
   */
  begin(geometry: Geometry, dataBytes: number): void {
    assert.ok(!this.#released, "buffer was released");
    assertGeometry(geometry);
    assert.ok(Number.isInteger(dataBytes) && dataBytes > 0, "a stripe holds at least one byte");
    assert.ok(dataBytes <= geometry.k * largestBlockBytes(geometry), "stripe is too long");
    const strideBytes = this.#instance.kernel.frameStride(geometry.k + geometry.m);
    this.#stripe = { geometry, dataBytes, blockBytes: blockBytesOf(geometry, dataBytes), strideBytes };
    this.#filledBytes = 0;
  }

  /** Bytes that `append` will still take. */
  get missingBytes(): number {
    return this.#stripe === null ? 0 : this.#stripe.dataBytes - this.#filledBytes;
  }

  /** Copies as many bytes as are missing, from the start of `bytes`, and returns how many. */
  append(bytes: Uint8Array): number {
    const stripe = this.#stripe;
    assert.ok(stripe !== null && !this.#released, "append outside of a stripe");
    const taken = Math.min(bytes.length, this.missingBytes);
    for (let at = 0; at < taken; ) {
      const block = Math.floor(this.#filledBytes / stripe.blockBytes);
      const offset = this.#filledBytes - block * stripe.blockBytes;
      const length = Math.min(taken - at, stripe.blockBytes - offset);
      const piece = at === 0 && length === bytes.length ? bytes : bytes.subarray(at, at + length);
      this.#instance.memory.set(piece, this.#base + block * stripe.strideBytes + offset);
      at += length;
      this.#filledBytes += length;
    }
    return taken;
  }

  /** A copy of the bytes that were appended so far. */
  copyOut(): Uint8Array {
    assert.ok(this.#stripe !== null && !this.#released, "copy outside of a stripe");
    const { blockBytes, strideBytes } = this.#stripe;
    const bytes = new Uint8Array(this.#filledBytes);
    for (let at = 0; at < bytes.length; at += blockBytes) {
      const start = this.#base + (at / blockBytes) * strideBytes;
      bytes.set(this.#instance.memory.subarray(start, start + Math.min(blockBytes, bytes.length - at)), at);
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

  /** CRC-32 or CRC-32C of the stripe's data without padding, continuing from `crc`, that of the bytes before. */
  crc32OfData(name: "crc32" | "crc32c", crc: number): number {
    assert.ok(this.#stripe !== null && !this.#released, "crc outside of a stripe");
    const { dataBytes, blockBytes, strideBytes } = this.#stripe;
    let value = crc;
    for (let block = 0; block * blockBytes < dataBytes; block++) {
      const length = Math.min(blockBytes, dataBytes - block * blockBytes);
      value = this.#instance.kernel[name](this.#base + block * strideBytes, length, value);
    }
    return value >>> 0;
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

  /** Zeros after the data, to the end of the last data block. */
  #pad({ geometry, dataBytes, blockBytes, strideBytes }: Stripe): void {
    for (let block = Math.floor(dataBytes / blockBytes); block < geometry.k; block++) {
      const start = this.#base + block * strideBytes;
      const used = Math.max(0, dataBytes - block * blockBytes);
      this.#instance.memory.fill(0, start + used, start + blockBytes);
    }
  }
}
