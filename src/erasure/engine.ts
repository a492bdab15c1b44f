import { strict as assert } from "node:assert";
import type { Clock } from "../base/clock.ts";
import { assertGeometry, type Geometry, largestBlockBytes, UNIT_BYTES } from "./geometry.ts";
import { instantiateKernel, type KernelInstance } from "./kernel.ts";
import { FRAME_CHECK_BYTES } from "./layout.ts";
import { type Md5, Md5Pool } from "./md5-pool.ts";
import { planReconstruction, runReconstruction } from "./reconstruction.ts";
import { BLOB_ID_BYTES } from "./shard-header.ts";
import type { StripeBuffer } from "./stripe-buffer.ts";
import { type Filling, StripeFill } from "./stripe-fill.ts";
import { StripePool } from "./stripe-pool.ts";
import { SECRET } from "./xxhash-mixing.ts";

/** What a frame's check is bound to besides its bytes. */
export interface FrameIdentity {
  /** 16 bytes. */
  readonly blobId: Uint8Array;
  readonly shard: number;
  readonly stripe: number;
}

const SLOTS_DEFAULT = 16;

/**
 * Encoding, reconstruction, checks, CRCs and MD5, in WebAssembly. One per isolate: it owns a fixed amount of memory, 2 MiB for each
 * slot and 7 MiB besides.
 */
export class ErasureEngine {
  readonly #instance: KernelInstance;
  readonly #pool: StripePool;
  readonly #md5s: Md5Pool;
  /** Of `INPUT`, where bytes from elsewhere are checksummed. */
  readonly #inputAt: number;
  readonly #inputBytes: number;
  /** Of the kernel's memory. */
  readonly #view: DataView;

  private constructor(instance: KernelInstance, slots: number) {
    this.#instance = instance;
    this.#pool = new StripePool(instance, slots, (slot) => this.#slotAt(slot));
    this.#md5s = new Md5Pool(instance);
    this.#inputAt = instance.kernel.INPUT.value as number;
    this.#inputBytes = instance.kernel.INPUT_BYTES.value as number;
    this.#view = new DataView(instance.memory.buffer);
    instance.memory.set(SECRET, instance.kernel.XXH_SECRET.value as number);
  }

  /** `module` is the compiled kernel.wasm. `slots` is the number of stripes that can be in work at the same time. */
  static async create(module: WebAssembly.Module, options: { slots?: number } = {}): Promise<ErasureEngine> {
    const slots = options.slots ?? SLOTS_DEFAULT;
    assert.ok(Number.isInteger(slots) && slots > 0);
    return new ErasureEngine(await instantiateKernel(module, slots), slots);
  }

  /** A buffer for one stripe at a time. While all are out it waits, first come first served; see `StripePool.acquire`. */
  acquire(options?: { signal?: AbortSignal; clock?: Clock }): Promise<StripeBuffer> {
    return this.#pool.acquire(options);
  }

  /** A stripe that is filled at the speed of a client. */
  fill(filling: Filling): StripeFill {
    return new StripeFill(this.#pool, filling);
  }

  /** Stripe buffers that can be had without waiting. */
  get idleSlots(): number {
    return this.#pool.idleSlots;
  }

  /** Slot 0 is for reconstruction, which needs it only while it runs; the pool lends the others. */
  #slotAt(slot: number): number {
    const { SLOTS, SLOT_BYTES } = this.#instance.kernel;
    return (SLOTS.value as number) + slot * (SLOT_BYTES.value as number);
  }

  /** True if `frame` (a block and its 8-byte check) is intact and is the frame that `identity` names. */
  verifyFrame(frame: Uint8Array, identity: FrameIdentity): boolean {
    const blockBytes = frame.length - FRAME_CHECK_BYTES;
    if (blockBytes <= 0 || blockBytes % UNIT_BYTES !== 0) return false;
    const stored = new DataView(frame.buffer, frame.byteOffset + blockBytes).getBigUint64(0, true);
    return stored === (this.crc64nvme(frame.subarray(0, blockBytes)) ^ this.#identityCrc(identity));
  }

  /**
   * The shards `wanted` (indices, data or parity) of one stripe, from at least k of its k+m blocks (without their checks, equally
   * long; null where missing). Blocks must have been verified: wrong ones give wrong results. The returned arrays are copies.
   */
  reconstruct(geometry: Geometry, blocks: readonly (Uint8Array | null)[], wanted: readonly number[]): Uint8Array[] {
    assertGeometry(geometry);
    const shards = geometry.k + geometry.m;
    const blockBytes = blocks.find((block) => block !== null)?.length ?? 0;
    assert.ok(blocks.length === shards && wanted.every((shard) => shard >= 0 && shard < shards));
    assert.ok(blockBytes > 0 && blockBytes % UNIT_BYTES === 0 && blockBytes <= largestBlockBytes(geometry));
    const isEqual = (block: Uint8Array | null) => block === null || block.length === blockBytes;
    assert.ok(blocks.every(isEqual), "blocks differ in length");
    const present = blocks.map((block) => block !== null);
    const plan = planReconstruction(geometry, present, wanted);
    const { memory } = this.#instance;
    const place = (shard: number, address: number) => memory.set(blocks[shard] as Uint8Array, address);
    const rebuilt = runReconstruction(this.#instance, this.#slotAt(0), { geometry, plan, blockBytes, place });
    return wanted.map((shard) => {
      const block = blocks[shard];
      const address = block ? 0 : rebuilt(shard);
      return new Uint8Array(block ?? memory.subarray(address, address + blockBytes));
    });
  }

  /** CRC-64/NVME of `bytes`, continuing from `crc`, that of the bytes before. */
  crc64nvme(bytes: Uint8Array, crc = 0n): bigint {
    let value = crc;
    this.#eachPiece(bytes, (address, length) => {
      value = this.#instance.kernel.crc64nvme(address, length, value);
    });
    return BigInt.asUintN(64, value);
  }

  /** CRC-32 (ISO-HDLC, as in zlib) of `bytes`, continuing from `crc`. */
  crc32(bytes: Uint8Array, crc = 0): number {
    let value = crc;
    this.#eachPiece(bytes, (address, length) => {
      value = this.#instance.kernel.crc32(address, length, value);
    });
    return value >>> 0;
  }

  /** CRC-32C (Castagnoli) of `bytes`, continuing from `crc`. */
  crc32c(bytes: Uint8Array, crc = 0): number {
    let value = crc;
    this.#eachPiece(bytes, (address, length) => {
      value = this.#instance.kernel.crc32c(address, length, value);
    });
    return value >>> 0;
  }

  /** Takes whole stripes of 32 bytes into the four `lanes` of an XXH64. */
  xxh64(bytes: Uint8Array, lanes: Uint8Array): void {
    this.#withLanes(lanes, () =>
      this.#eachPiece(bytes, (address, length) => this.#instance.kernel.xxh64(address, length / 32)),
    );
  }

  /** Takes whole stripes of 64 bytes into the eight `lanes` of an XXH3; `done` of a block were before. Returns how many are after. */
  xxh3(bytes: Uint8Array, lanes: Uint8Array, done: number): number {
    let stripesDone = done;
    this.#withLanes(lanes, () =>
      this.#eachPiece(bytes, (address, length) => {
        stripesDone = this.#instance.kernel.xxh3(address, length / 64, stripesDone);
      }),
    );
    return stripesDone;
  }

  /** Takes the last 64 bytes of a message into the `lanes` of an XXH3. */
  xxh3Last(bytes: Uint8Array, lanes: Uint8Array): void {
    this.#withLanes(lanes, () => this.#eachPiece(bytes, (address) => this.#instance.kernel.xxh3Last(address)));
  }

  /** The kernel has room for the lanes of one message. */
  #withLanes(lanes: Uint8Array, use: () => void): void {
    const { kernel, memory } = this.#instance;
    const at = kernel.XXH_STATE.value as number;
    memory.set(lanes, at);
    use();
    lanes.set(memory.subarray(at, at + lanes.length));
  }

  /** CRC-64/NVME of blob id, shard and stripe, in the kernel's memory: it is needed for every frame. */
  #identityCrc({ blobId, shard, stripe }: FrameIdentity): bigint {
    assert.ok(blobId.length === BLOB_ID_BYTES);
    const { kernel, memory } = this.#instance;
    const identity = kernel.IDENTITY.value as number;
    memory.set(blobId, identity);
    this.#view.setUint32(identity + BLOB_ID_BYTES, shard, true);
    this.#view.setUint32(identity + BLOB_ID_BYTES + 4, stripe, true);
    return BigInt.asUintN(64, kernel.crc64nvme(identity, BLOB_ID_BYTES + 8, 0n));
  }

  /** The MD5 of a message that comes piece by piece, computed together with others; null where too many are open. */
  openMd5(): Md5 | null {
    return this.#md5s.open();
  }

  /** Messages that can be opened, and pages that wait for bytes. */
  get idleMd5s(): { readonly messages: number; readonly pages: number } {
    return this.#md5s.idle;
  }

  /** Copies `bytes` into the kernel's memory piece by piece; `use` must be done with one when it returns. */
  #eachPiece(bytes: Uint8Array, use: (address: number, length: number) => void): void {
    for (let at = 0; at < bytes.length; at += this.#inputBytes) {
      const piece = bytes.subarray(at, at + this.#inputBytes);
      this.#instance.memory.set(piece, this.#inputAt);
      use(this.#inputAt, piece.length);
    }
  }
}
