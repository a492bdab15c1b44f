import type { StoreContext } from "../context.ts";
import type { BlobSources } from "./blob-sources.ts";
import type { LateDrives } from "./late-drives.ts";
import { Patience } from "./patience.ts";
import type { Frame } from "./shard-source.ts";

interface LateFrame {
  stripe: number;
  arriving: Promise<Frame>;
  arrived: boolean;
}

/** Blocks of one stripe by shard; null if not there yet. */
export type Blocks = (Uint8Array | null)[];

export interface FetchOptions {
  /** Memory to read into. */
  spares: ArrayBufferLike[];
  /** See `FrameOptions`. */
  unverified: boolean;
}

/**
 * Requests frames of shards, and waits for each no longer than its drive usually takes. A shard
 * with an overdue frame is not asked for another one until that has come: a hanging call occupies
 * one of few connections.
 */
export class HedgedFrames {
  readonly #store: StoreContext;
  readonly #sources: BlobSources;
  readonly #lateDrives: LateDrives;
  readonly #overdue = new Map<number, LateFrame>();
  #isCancelled = false;

  constructor(store: StoreContext, sources: BlobSources, lateDrives: LateDrives) {
    this.#store = store;
    this.#sources = sources;
    this.#lateDrives = lateDrives;
  }

  /** Whether the shard should be asked last: its drive was late, or is known to have lost it. */
  isUnlikely(shard: number): boolean {
    if (this.#sources.isLost(shard)) return true;
    const source = this.#sources.at(shard);
    return source !== null && this.#lateDrives.has(source.drive.name);
  }

  /** The shards with overdue frames. */
  get overdue(): Iterable<number> {
    return this.#overdue.keys();
  }

  /** Called before each stripe: shards whose overdue frames have come may be asked again. */
  begin(): void {
    for (const [shard, { arrived }] of this.#overdue) if (arrived) this.#overdue.delete(shard);
  }

  /** Puts the blocks of these shards into `blocks`, except those that fail or are late. */
  async fetch(stripe: number, shards: readonly number[], blocks: Blocks, options: FetchOptions): Promise<void> {
    const patience = new Patience(this.#store.clock);
    await Promise.all(
      shards.map(async (shard) => {
        const frame = await this.#fetchOne(stripe, shard, { patience, ...options });
        if (frame?.ok) blocks[shard] = frame.block;
      }),
    );
    patience.end();
  }

  /**
   * Waits for an overdue frame, as the last resort if no other shard is left. False if there is
   * none.
   */
  async awaitOverdue(stripe: number, blocks: Blocks): Promise<boolean> {
    const [entry] = this.#overdue;
    if (!entry) return false;
    const [shard, late] = entry;
    const source = this.#sources.at(shard);
    let frame = await late.arriving;
    this.#overdue.delete(shard);
    if (late.stripe !== stripe) frame = (await source?.frame(stripe)) ?? frame;
    // It may have been requested unverified.
    if (frame.ok && source?.isIntact(stripe, frame.block)) blocks[shard] = frame.block;
    return true;
  }

  /** From here on frames fail through no fault of their drives. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** The shard's frame; undefined if it is late or was not requested. */
  async #fetchOne(
    stripe: number,
    shard: number,
    { patience, spares, unverified }: FetchOptions & { patience: Patience },
  ): Promise<Frame | undefined> {
    const source = this.#sources.at(shard);
    if (!source || source.fault || this.#overdue.has(shard)) return undefined;
    const { clock, latency } = this.#store;
    const drive = source.drive.name;
    const beganMs = clock.now();
    const arriving = source.frame(stripe, { spare: spares.pop(), unverified });
    const frame = (await Promise.race([arriving, patience.over(latency.hedgeMs(drive))])) ?? undefined;
    // A fast failure says nothing about how long a frame takes.
    if (!frame || frame.ok) latency.observe(drive, clock.now() - beganMs);
    if (frame?.ok) {
      this.#lateDrives.trust(drive);
      this.#sources.found(shard);
    } else if (!this.#isCancelled && (!frame || isOutOfReach(frame))) this.#lateDrives.suspect(drive);
    if (!frame) this.#expect(shard, drive, { stripe, arriving, arrived: false });
    return frame;
  }

  #expect(shard: number, drive: string, late: LateFrame): void {
    this.#overdue.set(shard, late);
    void late.arriving.then(({ ok }) => {
      late.arrived = true;
      if (ok) this.#lateDrives.trust(drive);
    });
  }
}

function isOutOfReach(frame: Frame): boolean {
  return !frame.ok && frame.fault.kind === "unreachable";
}
