import { strict as assert } from "node:assert";
import { combineCrc } from "./combine.ts";
import { assertGeometry, type Geometry, largestBlockBytes, UNIT_BYTES } from "./geometry.ts";
import type { KernelInstance } from "./kernel.ts";
import { FRAME_CHECK_BYTES } from "./layout.ts";
import { planReconstruction, runReconstruction } from "./reconstruction.ts";
import { BLOB_ID_BYTES } from "./shard-header.ts";

/** Which stripe it is. */
export interface RebuiltStripe {
  /** 16 bytes. */
  readonly blobId: Uint8Array;
  readonly stripe: number;
  readonly blockBytes: number;
}

/**
 * Frames of one stripe from k others, within one slot of the kernel's memory: each frame is copied once, verified where it lies, and what
 * is computed can be written from there. Belongs to a `StripeBuffer` and ends with it.
 */
export class StripeRebuild {
  readonly #instance: KernelInstance;
  readonly #geometry: Geometry;
  readonly #blockBytes: number;
  readonly #stripe: number;
  readonly #addressOf: (shard: number) => number;
  readonly #base: number;
  readonly #view: DataView;
  /** CRCs of the blocks that are known. */
  readonly #crcs = new Map<number, bigint>();
  readonly #places = new Map<number, number>();

  constructor(
    instance: KernelInstance,
    base: number,
    { geometry, blobId, stripe, blockBytes }: RebuiltStripe & { geometry: Geometry },
  ) {
    assertGeometry(geometry);
    assert.ok(blobId.length === BLOB_ID_BYTES);
    assert.ok(blockBytes > 0 && blockBytes % UNIT_BYTES === 0 && blockBytes <= largestBlockBytes(geometry));
    const strideBytes = instance.kernel.frameStride(geometry.k + geometry.m);
    this.#instance = instance;
    this.#base = base;
    this.#geometry = geometry;
    this.#blockBytes = blockBytes;
    this.#stripe = stripe;
    this.#addressOf = (shard) => base + shard * strideBytes;
    this.#view = new DataView(instance.memory.buffer);
    this.#blobId = blobId;
  }

  readonly #blobId: Uint8Array;

  /** Takes a frame. False, and it does not count, if it is not intact or not this one. */
  put(shard: number, frame: Uint8Array): boolean {
    if (frame.length !== this.#blockBytes + FRAME_CHECK_BYTES) return false;
    const address = this.#addressOf(shard);
    this.#instance.memory.set(frame, address);
    const crc = this.#crcAt(address, this.#blockBytes);
    const stored = this.#view.getBigUint64(address + this.#blockBytes, true);
    if (stored !== (crc ^ this.#identityCrc(shard))) return false;
    this.#crcs.set(shard, crc);
    this.#places.set(shard, address);
    return true;
  }

  /**
   * Computes the frames of `wanted`, none of which was put, and every data shard that was not; once, after k frames were put. Gives those
   * of `wanted`: views of the kernel's memory, valid until the buffer's next use.
   */
  rebuild(wanted: readonly number[]): Map<number, Uint8Array> {
    const { k, m } = this.#geometry;
    const present = Array.from({ length: k + m }, (_, shard) => this.#crcs.has(shard));
    assert.ok(wanted.every((shard) => !present[shard]));
    const lostData = Array.from({ length: k }, (_, shard) => shard).filter((shard) => !present[shard]);
    const computed = [...new Set([...wanted, ...lostData])];
    const plan = planReconstruction(this.#geometry, present, computed);
    const rebuilt = runReconstruction(this.#instance, this.#base, {
      geometry: this.#geometry,
      plan,
      blockBytes: this.#blockBytes,
      place: (shard, address) => this.#move(shard, address),
    });
    const frames = new Map<number, Uint8Array>();
    for (const shard of computed) {
      const address = rebuilt(shard);
      const crc = this.#crcAt(address, this.#blockBytes);
      this.#crcs.set(shard, crc);
      this.#places.set(shard, address);
      this.#view.setBigUint64(address + this.#blockBytes, crc ^ this.#identityCrc(shard), true);
      const frame = this.#instance.memory.subarray(address, address + this.#blockBytes + FRAME_CHECK_BYTES);
      if (wanted.includes(shard)) frames.set(shard, frame);
    }
    return frames;
  }

  /** CRC-64/NVME of the stripe's first `dataBytes` bytes, all of its data without padding; after `rebuild`. */
  dataCrc(dataBytes: number): bigint {
    let crc = 0n;
    for (let shard = 0; shard * this.#blockBytes < dataBytes; shard++) {
      const length = Math.min(this.#blockBytes, dataBytes - shard * this.#blockBytes);
      const whole = this.#crcs.get(shard);
      assert.ok(whole !== undefined, "a data block is not known");
      const own = length === this.#blockBytes ? whole : this.#crcAt(this.#places.get(shard) as number, length);
      crc = combineCrc("crc64nvme", crc, own, length);
    }
    return crc;
  }

  /** Blocks lie at their own places, but for the sum of one lost block. */
  #move(shard: number, address: number): void {
    const own = this.#addressOf(shard);
    if (own !== address) this.#instance.memory.copyWithin(address, own, own + this.#blockBytes);
  }

  #crcAt(address: number, bytes: number): bigint {
    return BigInt.asUintN(64, this.#instance.kernel.crc64nvme(address, bytes, 0n));
  }

  /** As in a frame's check. */
  #identityCrc(shard: number): bigint {
    const { kernel, memory } = this.#instance;
    const identity = kernel.IDENTITY.value as number;
    memory.set(this.#blobId, identity);
    this.#view.setUint32(identity + BLOB_ID_BYTES, shard, true);
    this.#view.setUint32(identity + BLOB_ID_BYTES + 4, this.#stripe, true);
    return this.#crcAt(identity, BLOB_ID_BYTES + 8);
  }
}
