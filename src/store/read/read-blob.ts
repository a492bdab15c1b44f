import { type BlobLayout, piecesOfStripe, stripesOfRange } from "../../erasure/layout.ts";
import type { BlobRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { BlobSources, type Damage } from "./blob-sources.ts";
import { HedgedFrames } from "./hedged-frames.ts";
import { LateDrives } from "./late-drives.ts";
import { StripeBlocks } from "./stripe-blocks.ts";

export type { Damage };

export interface BlobRange {
  offset: number;
  length: number;
}

export interface BlobReaderOptions {
  /** The readers of one request share it. */
  lateDrives?: LateDrives;
  /**
   * Blocks from their own shards are returned without verifying their checks: the caller
   * authenticates each of them before using it, and calls `distrust` if one is wrong.
   */
  unverified?: boolean;
}

/** The bytes of the range within one stripe, in order, and the memory that holds them. */
interface Stripe {
  pieces: Uint8Array[];
  memory: ArrayBufferLike[];
}

/**
 * Reads a range of a blob: only the frames that the range touches, data shards first. If a frame is
 * absent, wrong or late, frames of other shards replace it and it is rebuilt, without a restart
 * (`StripeBlocks`). A shard that failed once is not asked again. A drive that was late or
 * unavailable is asked only if there is no other (`HedgedFrames`). While one stripe is returned the
 * next is on its way: at most two stripes are in memory.
 */
export class BlobReader {
  readonly blobId: string;
  readonly #layout: BlobLayout;
  readonly #range: BlobRange;
  readonly #sources: BlobSources;
  readonly #frames: HedgedFrames;
  readonly #blocks: StripeBlocks;
  readonly #lastStripe: number;
  readonly #unverified: boolean;
  #nextStripe: number;
  #upcoming: Promise<Stripe> | null = null;
  #pieces: Uint8Array[] = [];
  /** Memory of the present stripe and of earlier ones, for the next ones. */
  #handedOut: ArrayBufferLike[] = [];
  #spares: ArrayBufferLike[] = [];

  /** `range` is within the blob and not empty. */
  constructor(store: StoreContext, blob: BlobRow, range: BlobRange, options: BlobReaderOptions = {}) {
    const { lateDrives = new LateDrives(store), unverified = false } = options;
    this.blobId = blob.id;
    this.#unverified = unverified;
    this.#layout = { k: blob.k, m: blob.m, blockBytes: blob.blockBytes, blobBytes: blob.sizeBytes };
    this.#range = range;
    const stripes = stripesOfRange(this.#layout, range.offset, range.length);
    if (!stripes) throw new RangeError("an empty range needs no reader");
    this.#nextStripe = stripes.first;
    this.#lastStripe = stripes.last;
    this.#sources = new BlobSources(store, blob, this.#layout, stripes.last);
    this.#frames = new HedgedFrames(store, this.#sources, lateDrives);
    this.#blocks = new StripeBlocks(store.engine, this.#layout, this.#sources, this.#frames);
  }

  /** Begins to read; further calls do nothing. */
  prime(): void {
    if (this.#upcoming === null && this.#nextStripe <= this.#lastStripe) {
      this.#upcoming = this.#load(this.#nextStripe++);
      this.#upcoming.catch(() => {});
    }
  }

  /** Resolves when the first bytes are there and verified. Throws `StoreError` drives-unavailable. */
  async ready(): Promise<void> {
    this.prime();
    await this.#upcoming;
  }

  /**
   * The next verified bytes (see `BlobReaderOptions`), valid until the next call, or null at the end. Throws `StoreError` drives-unavailable: nothing
   * wrong was handed out.
   */
  async next(): Promise<Uint8Array | null> {
    let piece = this.#pieces.shift();
    if (piece) return piece;
    this.prime();
    if (!this.#upcoming) return null;
    const { pieces, memory } = await this.#upcoming;
    this.#upcoming = null;
    this.#pieces = pieces;
    this.#spares = this.#handedOut;
    this.#handedOut = memory;
    this.prime();
    piece = this.#pieces.shift();
    return piece ?? null;
  }

  /** True when the last stripe is on its way or read: time to prepare what follows this blob. */
  get ending(): boolean {
    return this.#nextStripe > this.#lastStripe;
  }

  /** Damage found so far; without shards that are only unavailable. */
  get damage(): Damage[] {
    return this.#sources.damage;
  }

  /** Drives on which a shard was missing or cut short. */
  get missedDrives(): string[] {
    return this.#sources.missedDrives;
  }

  /**
   * The shard returned wrong frames with right checks: it counts as damaged, and is not asked
   * again.
   */
  distrust(shard: number): void {
    this.#sources.at(shard)?.distrust();
  }

  /** Frees the drives. Never throws. */
  async cancel(): Promise<void> {
    this.#frames.cancel();
    this.#nextStripe = this.#lastStripe + 1;
    await this.#sources.cancel();
  }

  /** The bytes of the range within one stripe. */
  async #load(stripe: number): Promise<Stripe> {
    const pieces = piecesOfStripe(this.#layout, stripe, this.#range.offset, this.#range.length);
    const wanted = pieces.map(({ shard }) => shard);
    const blocks = await this.#blocks.read(stripe, wanted, { spares: this.#spares, unverified: this.#unverified });
    return {
      pieces: pieces.map(({ shard, begin, end }) => (blocks[shard] as Uint8Array).subarray(begin, end)),
      memory: wanted.map((shard) => (blocks[shard] as Uint8Array).buffer),
    };
  }
}
