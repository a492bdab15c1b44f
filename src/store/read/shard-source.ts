import { type Drive, DriveError, type ShardReader } from "../../drives/drive.ts";
import type { ErasureEngine } from "../../erasure/engine.ts";
import { type BlobLayout, FRAME_CHECK_BYTES, frameBytes, frameOffset } from "../../erasure/layout.ts";

/**
 * Why a shard returned no frame. `damaged`: the shard itself is lost or wrong, not only unavailable
 * for now.
 */
export type ShardFault =
  | { kind: "absent"; damaged: boolean }
  | { kind: "corrupt"; damaged: true }
  | { kind: "short"; damaged: true }
  /** `reason`: the drive's message, for the log. */
  | { kind: "unreachable"; damaged: false; reason: string };

export type Frame = { ok: true; block: Uint8Array } | { ok: false; fault: ShardFault };

/** The stripes that a reader needs, first to last (inclusive). */
export interface StripeRange {
  first: number;
  last: number;
}

export interface ShardSourceParts {
  engine: ErasureEngine;
  drive: Drive;
  key: string;
  blobId: Uint8Array;
  layout: BlobLayout;
  shard: number;
  /** Whether a write of this shard may not have reached the reader yet (see `Drive.settleMs`). */
  settling: boolean;
}

export interface FrameOptions {
  /** As in `ShardReader.read`. */
  spare?: ArrayBufferLike | undefined;
  /**
   * The frame's check is not computed: the caller verifies the block by other means, or calls
   * `isIntact`.
   */
  unverified?: boolean;
}

/**
 * One shard of a blob being read, frame after frame, through one ranged read of its drive. Every
 * frame is verified before it is returned, unless the caller does so. After a fault the source
 * stays failed.
 */
export class ShardSource {
  readonly #parts: ShardSourceParts;
  readonly #lastStripe: number;
  #reader: ShardReader | null = null;
  #nextStripe = -1;
  #fault: ShardFault | null = null;
  #isCancelled = false;
  /** The drive was unavailable and is asked once more, because nothing else can serve. */
  #isLastResort = false;

  constructor(parts: ShardSourceParts, lastStripe: number) {
    this.#parts = parts;
    this.#lastStripe = lastStripe;
  }

  get shard(): number {
    return this.#parts.shard;
  }

  get drive(): Drive {
    return this.#parts.drive;
  }

  get key(): string {
    return this.#parts.key;
  }

  get fault(): ShardFault | null {
    return this.#fault;
  }

  /**
   * Resets, once, that the drive was unavailable: from here on it is asked even if it kept failing.
   * False if there is nothing to reset: it was reset before, or the shard is damaged.
   */
  askOnceMore(): boolean {
    if (this.#fault?.kind !== "unreachable" || this.#isLastResort || this.#isCancelled) return false;
    this.#isLastResort = true;
    this.#fault = null;
    return true;
  }

  /**
   * The block of stripe `stripe`. Stripes are requested in ascending order, one at a time. Throws
   * only bugs.
   */
  async frame(stripe: number, { spare, unverified = false }: FrameOptions = {}): Promise<Frame> {
    if (this.#fault) return { ok: false, fault: this.#fault };
    try {
      const frame = await this.#read(stripe, spare);
      if (!frame) return this.#fail({ kind: "absent", damaged: !this.#parts.settling });
      this.#nextStripe = stripe + 1;
      if (!unverified && !this.#verify(frame, stripe)) return this.#fail({ kind: "corrupt", damaged: true });
      return { ok: true, block: frame.subarray(0, frame.length - FRAME_CHECK_BYTES) };
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      return this.#fail(driveFault(error));
    }
  }

  /** Verifies a block that was returned unverified. If it is wrong, the shard is damaged. */
  isIntact(stripe: number, block: Uint8Array): boolean {
    const frame = new Uint8Array(block.buffer, block.byteOffset, block.length + FRAME_CHECK_BYTES);
    if (this.#verify(frame, stripe)) return true;
    this.distrust();
    return false;
  }

  /** The reader found that it is damaged. */
  distrust(): void {
    this.#fail({ kind: "corrupt", damaged: true });
  }

  /** Stops reading permanently: a frame that is on its way is dropped. Never throws. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#fault ??= { kind: "unreachable", damaged: false, reason: "cancelled" };
    await this.#close();
  }

  /** The frame as the drive has it, or null if there is no shard. */
  async #read(stripe: number, spare?: ArrayBufferLike): Promise<Uint8Array | null> {
    const length = frameBytes(this.#parts.layout, stripe);
    if (this.#reader && this.#nextStripe === stripe) {
      try {
        return await this.#reader.read(length, spare);
      } catch (error) {
        // With a slow client the drive's stream stays idle until it is cut off: it is reopened
        // once.
        if (!(error instanceof DriveError) || this.#fault) throw error;
      }
    }
    await this.#open(stripe);
    return this.#reader ? this.#reader.read(length) : null;
  }

  /** Opens the frames from `stripe` to the last wanted one, as one range. */
  async #open(stripe: number): Promise<void> {
    await this.#close();
    const { drive, key, layout } = this.#parts;
    const offset = frameOffset(layout, stripe);
    const end = frameOffset(layout, this.#lastStripe) + frameBytes(layout, this.#lastStripe);
    const how = this.#isLastResort ? { isLastResort: true } : {};
    this.#reader = await drive.get(key, { offset, length: end - offset }, how);
    if (!this.#fault) return;
    await this.#close();
    throw new DriveError(drive.name, "unreachable", "the reader was cancelled");
  }

  async #close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    await reader?.cancel();
  }

  #verify(frame: Uint8Array, stripe: number): boolean {
    const { engine, blobId, shard } = this.#parts;
    return engine.verifyFrame(frame, { blobId, shard, stripe });
  }

  #fail(fault: ShardFault): Frame {
    this.#fault ??= fault;
    void this.#close();
    return { ok: false, fault };
  }
}

/** The state of the shard after an error of its drive. */
export function driveFault(error: DriveError): ShardFault {
  if (error.fault === "short") return { kind: "short", damaged: true };
  return { kind: "unreachable", damaged: false, reason: error.message };
}
