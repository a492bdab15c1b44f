import { strict as assert } from "node:assert";
import { assertGeometry, type Geometry, largestBlockBytes, UNIT_BYTES } from "./geometry.ts";
import { instantiateKernel, type KernelInstance } from "./kernel.ts";
import { FRAME_CHECK_BYTES } from "./layout.ts";
import { isPlainSum, planReconstruction, type ReconstructionPlan } from "./reconstruction.ts";
import { BLOB_ID_BYTES } from "./shard-header.ts";
import { StripeBuffer } from "./stripe-buffer.ts";

/** What a frame's check is bound to besides its bytes. */
export interface FrameIdentity {
  /** 16 bytes. */
  readonly blobId: Uint8Array;
  readonly shard: number;
  readonly stripe: number;
}

const SLOTS_DEFAULT = 16;

/**
 * Encoding, reconstruction, checks and CRCs, in WebAssembly. One per isolate: it owns a fixed amount of memory, 2 MiB for each
 * slot and 3 MiB besides.
 */
export class ErasureEngine {
  readonly #instance: KernelInstance;
  readonly #freeSlots: number[];
  readonly #waiting: ((slot: number) => void)[] = [];
  /** Of `INPUT`, where bytes from elsewhere are checksummed. */
  readonly #inputAt: number;
  readonly #inputBytes: number;

  private constructor(instance: KernelInstance, slots: number) {
    this.#instance = instance;
    this.#freeSlots = Array.from({ length: slots }, (_, index) => index + 1).reverse();
    this.#inputAt = instance.kernel.INPUT.value as number;
    this.#inputBytes = instance.kernel.INPUT_BYTES.value as number;
  }

  /** `module` is the compiled kernel.wasm. `slots` is the number of stripes that can be in work at the same time. */
  static async create(module: WebAssembly.Module, options: { slots?: number } = {}): Promise<ErasureEngine> {
    const slots = options.slots ?? SLOTS_DEFAULT;
    assert.ok(Number.isInteger(slots) && slots > 0);
    return new ErasureEngine(await instantiateKernel(module, slots), slots);
  }

  /** A buffer for one stripe at a time. Waits, first come first served, while all are out. */
  acquire(): Promise<StripeBuffer> {
    const slot = this.#freeSlots.pop();
    if (slot !== undefined) return Promise.resolve(this.#lend(slot));
    return new Promise((resolve) => {
      this.#waiting.push((freed) => resolve(this.#lend(freed)));
    });
  }

  #lend(slot: number): StripeBuffer {
    return new StripeBuffer(this.#instance, this.#slotAt(slot), () => {
      const next = this.#waiting.shift();
      if (next) next(slot);
      else this.#freeSlots.push(slot);
    });
  }

  #slotAt(slot: number): number {
    const { SLOTS, SLOT_BYTES } = this.#instance.kernel;
    return (SLOTS.value as number) + slot * (SLOT_BYTES.value as number);
  }

  /** True if `frame` (a block and its 8-byte check) is intact and is the frame that `identity` names. */
  verifyFrame(frame: Uint8Array, identity: FrameIdentity): boolean {
    const blockBytes = frame.length - FRAME_CHECK_BYTES;
    if (blockBytes <= 0 || blockBytes % UNIT_BYTES !== 0) return false;
    const stored = new DataView(frame.buffer, frame.byteOffset + blockBytes).getBigUint64(0, true);
    return stored === (this.crc64nvme(frame.subarray(0, blockBytes)) ^ this.crc64nvme(identityBytes(identity)));
  }

  /**
   * The shards `wanted` (indices, data or parity) of one stripe, from at least k of its k+m blocks (without their checks, equally
   * long; null where missing). Blocks must have been verified: wrong ones give wrong results. The returned arrays are copies.
   */
  reconstruct(geometry: Geometry, blocks: readonly (Uint8Array | null)[], wanted: readonly number[]): Uint8Array[] {
    assertGeometry(geometry);
    const { k, m } = geometry;
    const blockBytes = blocks.find((block) => block !== null)?.length ?? 0;
    assert.ok(blocks.length === k + m && wanted.every((shard) => shard >= 0 && shard < k + m));
    assert.ok(blockBytes > 0 && blockBytes % UNIT_BYTES === 0 && blockBytes <= largestBlockBytes(geometry));
    assert.ok(
      blocks.every((block) => block === null || block.length === blockBytes),
      "blocks differ in length",
    );
    const plan = planReconstruction(
      geometry,
      blocks.map((block) => block !== null),
      wanted,
    );
    const { kernel, memory } = this.#instance;
    const base = this.#slotAt(0);
    const stride = kernel.frameStride(k + m);
    const addressOf = (shard: number) => base + shard * stride;
    const copyOf = (shard: number) => memory.slice(addressOf(shard), addressOf(shard) + blockBytes);
    if (isPlainSum(plan)) {
      // A stripe with the first parity block in the lost shard's place has the lost shard for its first parity block.
      const placeOf = (shard: number) => (shard === k ? (plan.lost[0] as number) : shard);
      for (const shard of plan.sources) memory.set(blocks[shard] as Uint8Array, addressOf(placeOf(shard)));
      kernel.row(0, k, m, base, blockBytes);
      return wanted.map((shard) => blocks[shard]?.slice() ?? copyOf(k));
    }
    for (const shard of plan.sources) memory.set(blocks[shard] as Uint8Array, addressOf(shard));
    if (plan.lost.length > 0) this.#solve(geometry, plan, blockBytes);
    for (const row of plan.rows) kernel.row(row, k, m, base, blockBytes);
    return wanted.map((shard) => blocks[shard]?.slice() ?? copyOf(shard));
  }

  /** Writes the plan where the kernel's `solve` expects it, and runs it. */
  #solve({ k, m }: Geometry, { lost, syndromeRows, matrix }: ReconstructionPlan, blockBytes: number): void {
    const { kernel, memory } = this.#instance;
    const words = new Uint32Array(memory.buffer, kernel.PLAN.value as number, 24);
    words.set(lost, 0);
    words.set(syndromeRows, 4);
    words.set(matrix.flat(), 8);
    kernel.solve(k, m, this.#slotAt(0), blockBytes, lost.length);
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

  /** Copies `bytes` into the kernel's memory piece by piece; `use` must be done with one when it returns. */
  #eachPiece(bytes: Uint8Array, use: (address: number, length: number) => void): void {
    for (let at = 0; at < bytes.length; at += this.#inputBytes) {
      const piece = bytes.subarray(at, at + this.#inputBytes);
      this.#instance.memory.set(piece, this.#inputAt);
      use(this.#inputAt, piece.length);
    }
  }
}

function identityBytes({ blobId, shard, stripe }: FrameIdentity): Uint8Array {
  assert.ok(blobId.length === BLOB_ID_BYTES);
  const bytes = new Uint8Array(BLOB_ID_BYTES + 8);
  bytes.set(blobId);
  const view = new DataView(bytes.buffer);
  view.setUint32(BLOB_ID_BYTES, shard, true);
  view.setUint32(BLOB_ID_BYTES + 4, stripe, true);
  return bytes;
}
