import { type BlobLayout, piecesOfStripe, stripesOfRange } from "../../erasure/layout.ts";
import type { DamageCause } from "../../metadata/blobs/damage.ts";
import type { BlobRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { type DriveRefusal, StoreError, withoutDrive } from "../failure.ts";
import { idBytes } from "../placement/ids.ts";
import { isSettling } from "../placement/shard-key.ts";
import { Patience } from "./patience.ts";
import { type Frame, ShardSource } from "./shard-source.ts";

export interface BlobRange {
  offset: number;
  length: number;
}

/** What a shard turned out to lack while it was read. */
export interface Damage {
  shard: number;
  cause: DamageCause;
}

/** The bytes of the range that lie in one stripe, in order, and the memory that they lie in. */
interface Stripe {
  pieces: Uint8Array[];
  memory: ArrayBufferLike[];
}

interface LateFrame {
  stripe: number;
  arriving: Promise<Frame>;
  arrived: boolean;
}

/**
 * Reads a range of a blob: only the frames that it touches, data shards first. A frame that is absent, wrong or late is replaced
 * by frames of other shards and rebuilt, without a restart; a shard that failed once is not asked again, and a drive that was late or out
 * of reach only where there is no other: a call that hangs keeps one of few connections. Before a read is refused, every shard that was out
 * of reach is asked once more. While one stripe is handed out the next is on its way: two stripes are in memory at most.
 */
export class BlobReader {
  readonly blobId: string;
  readonly #store: StoreContext;
  readonly #layout: BlobLayout;
  readonly #range: BlobRange;
  readonly #sources: (ShardSource | null)[];
  /** Shards whose frame is overdue: they are not asked for another one before it has come. */
  readonly #late = new Map<number, LateFrame>();
  readonly #lateDrives: Set<string>;
  /** Shards that their drives are known to have lost: asked last, as those on late drives. */
  readonly #unlikely = new Set<number>();
  readonly #lastStripe: number;
  #isCancelled = false;
  #nextStripe: number;
  #upcoming: Promise<Stripe> | null = null;
  #pieces: Uint8Array[] = [];
  /** Memory of the stripe that is being handed out, and of those before it, for the next ones. */
  #handedOut: ArrayBufferLike[] = [];
  #spares: ArrayBufferLike[] = [];

  /** `range` lies in the blob and is not empty. `lateDrives`: those that the readers of one request found late; they share it. */
  constructor(store: StoreContext, blob: BlobRow, range: BlobRange, lateDrives = new Set<string>()) {
    this.blobId = blob.id;
    this.#store = store;
    this.#layout = { k: blob.k, m: blob.m, blockBytes: blob.blockBytes, blobBytes: blob.sizeBytes };
    this.#range = range;
    const stripes = stripesOfRange(this.#layout, range.offset, range.length);
    if (!stripes) throw new RangeError("an empty range needs no reader");
    this.#nextStripe = stripes.first;
    this.#lastStripe = stripes.last;
    this.#sources = openSources(store, blob, this.#layout, stripes.last);
    this.#lateDrives = lateDrives;
    const nowMs = store.clock.now();
    for (const { name } of store.drives) if (store.latency.isSuspect(name, nowMs)) lateDrives.add(name);
    for (const source of this.#sources) {
      if (source && store.watch.lacks(source.drive.name, source.key)) this.#unlikely.add(source.shard);
    }
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
   * The next verified bytes, valid until the next call, or null at the end. Throws `StoreError` drives-unavailable: nothing
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

  /** True when the last stripe is on its way or read: time to prime what follows this blob. */
  get ending(): boolean {
    return this.#nextStripe > this.#lastStripe;
  }

  /** Damage found so far; not what is merely out of reach. */
  get damage(): Damage[] {
    return this.#sources.flatMap((source) =>
      source?.fault?.damaged ? [{ shard: source.shard, cause: source.fault.kind }] : [],
    );
  }

  /** Drives on which a shard was not there, or was cut short. */
  get missedDrives(): string[] {
    return this.#sources.flatMap((source) =>
      source?.fault?.damaged && source.fault.kind !== "corrupt" ? [source.drive.name] : [],
    );
  }

  /** The shard gave frames that are wrong although their checks are right: it counts as damaged, and is not asked again. */
  distrust(shard: number): void {
    this.#sources[shard]?.distrust();
  }

  /** Frees the drives. Never throws. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#nextStripe = this.#lastStripe + 1;
    await Promise.all(this.#sources.map((source) => source?.cancel()));
  }

  /** The bytes of the range that lie in one stripe. */
  async #load(stripe: number): Promise<Stripe> {
    const pieces = piecesOfStripe(this.#layout, stripe, this.#range.offset, this.#range.length);
    const wanted = pieces.map(({ shard }) => shard);
    const blocks = await this.#blocks(stripe, wanted);
    return {
      pieces: pieces.map(({ shard, begin, end }) => (blocks[shard] as Uint8Array).subarray(begin, end)),
      memory: wanted.map((shard) => (blocks[shard] as Uint8Array).buffer),
    };
  }

  /** All blocks of the stripe by shard, those wanted not null. */
  async #blocks(stripe: number, wanted: readonly number[]): Promise<(Uint8Array | null)[]> {
    const { k, m } = this.#layout;
    const blocks: (Uint8Array | null)[] = Array.from({ length: k + m }, () => null);
    for (const [shard, { arrived }] of this.#late) if (arrived) this.#late.delete(shard);
    const punctual = wanted.filter((shard) => !this.#isLate(shard));
    await this.#fetchAll(stripe, punctual, blocks);
    const lacking = wanted.filter((shard) => blocks[shard] === null);
    if (lacking.length === 0) return blocks;
    await this.#fetchSpares(stripe, blocks);
    const stillLacking = wanted.filter((shard) => blocks[shard] === null);
    const rebuilt = this.#store.engine.reconstruct({ k, m }, blocks, stillLacking);
    stillLacking.forEach((shard, index) => {
      blocks[shard] = rebuilt[index] as Uint8Array;
    });
    return blocks;
  }

  /** Fetches further shards, as many at a time as are lacking, until any k blocks are there. */
  async #fetchSpares(stripe: number, blocks: (Uint8Array | null)[]): Promise<void> {
    const { k } = this.#layout;
    const asked = new Set(blocks.flatMap((block, shard) => (block || this.#late.has(shard) ? [shard] : [])));
    for (;;) {
      const needed = k - blocks.filter((block) => block !== null).length;
      if (needed <= 0) return;
      const spares = this.#sources.flatMap((source) =>
        source && !source.fault && !asked.has(source.shard) ? [source.shard] : [],
      );
      const punctual = spares.filter((shard) => !this.#isLate(shard));
      const next = [...punctual, ...spares.filter((shard) => this.#isLate(shard))].slice(0, needed);
      for (const shard of next) asked.add(shard);
      if (next.length > 0) await this.#fetchAll(stripe, next, blocks);
      else if (!(await this.#awaitLate(stripe, blocks)) && !this.#askOnceMore(asked)) {
        throw new StoreError({ kind: "drives-unavailable", needed: k, available: k - needed, why: this.#reasons() });
      }
    }
  }

  /** Lets all shards that were out of reach be asked again. False if each was. */
  #askOnceMore(asked: Set<number>): boolean {
    const again = this.#sources.filter((source) => source?.askOnceMore() === true);
    for (const source of again) asked.delete((source as ShardSource).shard);
    return again.length > 0;
  }

  /** Why each shard cannot serve. */
  #reasons(): DriveRefusal[] {
    return this.#sources.map((source, shard) => {
      const drive = source?.drive.name ?? `shard ${shard}`;
      const fault = source?.fault;
      if (!source) return { drive, reason: "was not written, or its drive is not configured" };
      if (!fault) return { drive, reason: "gave its shard" };
      return {
        drive,
        reason: fault.kind === "unreachable" ? withoutDrive(drive, fault.reason) : `shard ${fault.kind}`,
      };
    });
  }

  /** Whether the shard lies on a drive that was late, or is known to have lost it. */
  #isLate(shard: number): boolean {
    if (this.#unlikely.has(shard)) return true;
    const source = this.#sources[shard];
    return source !== null && source !== undefined && this.#lateDrives.has(source.drive.name);
  }

  /** Puts the blocks of these shards into `blocks`, but for those that fail or are late. */
  async #fetchAll(stripe: number, shards: readonly number[], blocks: (Uint8Array | null)[]): Promise<void> {
    const patience = new Patience(this.#store.clock);
    await Promise.all(
      shards.map(async (shard) => {
        const frame = await this.#fetch(stripe, shard, patience);
        if (frame?.ok) blocks[shard] = frame.block;
      }),
    );
    patience.end();
  }

  /** The shard's frame; undefined where it is late or not asked for. */
  async #fetch(stripe: number, shard: number, patience: Patience): Promise<Frame | undefined> {
    const source = this.#sources[shard];
    if (!source || source.fault || this.#late.has(shard)) return undefined;
    const { clock, latency } = this.#store;
    const drive = source.drive.name;
    const beganMs = clock.now();
    const arriving = source.frame(stripe, this.#spares.pop());
    const frame = (await Promise.race([arriving, patience.over(latency.hedgeMs(drive))])) ?? undefined;
    // A fast failure says nothing of how long a frame takes.
    if (!frame || frame.ok) latency.observe(drive, clock.now() - beganMs);
    if (frame?.ok) {
      this.#trust(drive);
      this.#unlikely.delete(shard);
    } else if (!frame || isOutOfReach(frame)) this.#suspect(drive);
    if (frame) return frame;
    const late: LateFrame = { stripe, arriving, arrived: false };
    this.#late.set(shard, late);
    void arriving.then(({ ok }) => {
      late.arrived = true;
      if (ok) this.#trust(drive);
    });
    return undefined;
  }

  /** After `cancel` frames fail for no fault of their drives. */
  #suspect(drive: string): void {
    if (this.#isCancelled) return;
    this.#lateDrives.add(drive);
    this.#store.latency.suspect(drive, this.#store.clock.now());
  }

  #trust(drive: string): void {
    this.#lateDrives.delete(drive);
    this.#store.latency.trust(drive);
  }

  /** The last resort where no other shard is left: waits for a late one. False if there is none. */
  async #awaitLate(stripe: number, blocks: (Uint8Array | null)[]): Promise<boolean> {
    const [entry] = this.#late;
    if (!entry) return false;
    const [shard, late] = entry;
    let frame = await late.arriving;
    this.#late.delete(shard);
    if (late.stripe !== stripe) frame = await (this.#sources[shard] as ShardSource).frame(stripe);
    if (frame.ok) blocks[shard] = frame.block;
    return true;
  }
}

function isOutOfReach(frame: Frame): boolean {
  return !frame.ok && frame.fault.kind === "unreachable";
}

function openSources(
  store: StoreContext,
  blob: BlobRow,
  layout: BlobLayout,
  lastStripe: number,
): (ShardSource | null)[] {
  const blobId = idBytes(blob.id);
  const nowMs = store.clock.now();
  return blob.shards.map((place, shard) => {
    const drive = place && store.drives.find(({ name }) => name === place[0]);
    if (!place || !drive) return null;
    const parts = { engine: store.engine, drive, key: place[1], blobId, layout, shard };
    return new ShardSource({ ...parts, settling: isSettling(drive, place[1], nowMs) }, lastStripe);
  });
}
