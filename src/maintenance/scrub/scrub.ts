import { CONNECTIONS_MAX } from "../../drives/limits.ts";
import { stripeCount } from "../../erasure/layout.ts";
import type { FoundDamage } from "../../metadata/blobs/damage.ts";
import type { ScrubbedBlob } from "../../metadata/blobs/scrubbing.ts";
import type { StoreContext } from "../../store/context.ts";
import { checkShard, driveOf, layoutOf } from "../check/check-shard.ts";
import type { Budget, Job } from "../run/job.ts";

const BLOBS_PER_PAGE = 100;
/** Bytes between two readings of the clock. */
const STEP_BYTES = 32 * 1024 * 1024;
/** How often in a cycle the rest is measured, and the pace set again. */
const MEASURES_PER_CYCLE = 30;
const MEASURE_MS_MIN = 600_000;

interface Cursor {
  /** When this cycle began. */
  beganMs: number;
  /** Blobs up to this one are through. */
  afterId: string;
  /** The rest at the last measurement, and the bytes read since. */
  leftBytes: number;
  measuredMs: number;
  readBytes: number;
  /** Whether all blobs are done. */
  isOver: boolean;
  /** A blob that is too long for one run. */
  partial: Partial | null;
}

interface Partial {
  id: string;
  /** Places of its shards; if they have changed, it begins again. */
  shards: string;
  nextStripe: number;
  /** Shards with a failed verification so far. */
  unverified: number[];
}

/**
 * Reads and verifies every frame and header of every shard, in order of age, evenly over the
 * configured cycle and with a limit of bytes per run. Records for each shard when that was last
 * done, and queues damage for healing. An unavailable drive is skipped: its shards keep the time of
 * their last verification, and their turn comes again in the next cycle.
 */
export const scrub: Job = {
  name: "scrub",
  async run(store, budget, saved) {
    const cursor = await begin(store, saved as Cursor | null);
    const scrubbing = new Scrubbing(store, budget, cursor);
    if (store.settings.scrubBytesPerRun > 0 && !cursor.isOver) await scrubbing.run();
    return { report: scrubbing.report, cursor, isUnfinished: scrubbing.isShortOfTime };
  },
};

/** Where this run continues. */
async function begin({ clock, settings, metadata }: StoreContext, saved: Cursor | null): Promise<Cursor> {
  const nowMs = clock.now();
  const cycleMs = settings.scrubCycleSeconds * 1000;
  const isNext = saved === null || (saved.isOver && nowMs - saved.beganMs >= cycleMs);
  const fresh = {
    beganMs: nowMs,
    afterId: "",
    leftBytes: 0,
    measuredMs: 0,
    readBytes: 0,
    isOver: false,
    partial: null,
  };
  const cursor: Cursor = isNext ? fresh : { ...saved };
  const measureMs = Math.max(MEASURE_MS_MIN, cycleMs / MEASURES_PER_CYCLE);
  if (!cursor.isOver && nowMs - cursor.measuredMs >= measureMs) {
    const leftBytes = await metadata.scrubbing.bytesAfter(cursor.afterId);
    // Bytes read in advance, or (below zero) due, carry over to the new pace.
    cursor.readBytes = isNext ? 0 : Math.max(-leftBytes, -dueBytes({ clock, settings }, cursor));
    cursor.leftBytes = leftBytes + cursor.readBytes;
    cursor.measuredMs = nowMs;
    // The rest has been deleted since: nothing will ever be due.
    if (leftBytes === 0 && cursor.afterId !== "") Object.assign(cursor, { isOver: true, partial: null });
  }
  return cursor;
}

/**
 * Bytes that are due by now and unread, at the pace that finishes the rest by the end of the cycle.
 */
function dueBytes(
  { clock, settings }: Pick<StoreContext, "clock" | "settings">,
  { beganMs, leftBytes, measuredMs, readBytes }: Cursor,
): number {
  const cycleMs = settings.scrubCycleSeconds * 1000;
  const spanMs = Math.max(beganMs + cycleMs - measuredMs, cycleMs / MEASURES_PER_CYCLE);
  return (leftBytes * (clock.now() - measuredMs)) / spanMs - readBytes;
}

/** One run of the scrub. */
class Scrubbing {
  readonly report = {
    verifiedShards: 0,
    verifiedBytes: 0,
    damagedShards: 0,
    unreachableShards: 0,
  };
  readonly #store: StoreContext;
  readonly #budget: Budget;
  readonly #cursor: Cursor;
  #leftBytes: number;
  #scrubbed: ScrubbedBlob[] = [];
  #found: FoundDamage[] = [];

  constructor(store: StoreContext, budget: Budget, cursor: Cursor) {
    this.#store = store;
    this.#budget = budget;
    this.#cursor = cursor;
    this.#leftBytes = store.settings.scrubBytesPerRun;
  }

  async run(): Promise<void> {
    const { metadata } = this.#store;
    while (this.#mayGoOn()) {
      const { partial, afterId } = this.#cursor;
      const from = { fromId: partial?.id ?? afterId, isAfter: partial === null };
      const page = await metadata.scrubbing.blobs(from, BLOBS_PER_PAGE);
      const isThrough = await this.#blobs(page);
      await metadata.scrubbing.record(this.#scrubbed, this.#found, this.#store.clock.now());
      this.#scrubbed = [];
      this.#found = [];
      if (isThrough && page.length < BLOBS_PER_PAGE) {
        this.#cursor.isOver = true;
        this.#cursor.partial = null;
      }
      if (!isThrough || this.#cursor.isOver) return;
    }
  }

  /** False if a limit of the run was reached before the last one was done. */
  async #blobs(page: readonly ScrubbedBlob[]): Promise<boolean> {
    for (const blob of page) if (!(await this.#blob(blob))) return false;
    return true;
  }

  get isShortOfTime(): boolean {
    return this.#budget.isSpent() && this.#isDue;
  }

  get #isDue(): boolean {
    return !this.#cursor.isOver && this.#leftBytes > 0 && dueBytes(this.#store, this.#cursor) > 0;
  }

  #mayGoOn(): boolean {
    return this.#isDue && !this.#budget.isSpent();
  }

  /** Continues with this blob, as far as the limits of the run allow. True if it is done. */
  async #blob(blob: ScrubbedBlob): Promise<boolean> {
    const shards = JSON.stringify(blob.shards);
    const saved = this.#cursor.partial;
    const fresh: Partial = { id: blob.id, shards, nextStripe: 0, unverified: [] };
    const partial = saved?.id === blob.id && saved.shards === shards ? saved : fresh;
    const stripes = stripeCount(layoutOf(blob));
    const stripeBytes = (blob.sizeBytes * (blob.k + blob.m)) / blob.k / stripes;
    while (partial.nextStripe < stripes) {
      if (!this.#mayGoOn() || this.#steps(stripeBytes, 1) === 0) {
        if (partial.nextStripe > 0) this.#cursor.partial = partial;
        return false;
      }
      const steps = this.#steps(stripeBytes, stripes - partial.nextStripe);
      await this.#stripes(blob, partial, steps);
      this.#leftBytes -= steps * stripeBytes;
      this.#cursor.readBytes += steps * stripeBytes;
      this.report.verifiedBytes += Math.round(steps * stripeBytes);
      partial.nextStripe += steps;
    }
    this.#finish(blob, partial);
    return true;
  }

  /**
   * How many of the next stripes may be read at once. A run reads at least one, whatever its limit.
   */
  #steps(stripeBytes: number, stripes: number): number {
    const allowed = Math.floor(Math.min(STEP_BYTES, this.#leftBytes) / stripeBytes);
    return Math.min(stripes, Math.max(this.report.verifiedBytes === 0 ? 1 : 0, allowed));
  }

  /** Verifies this many stripes of every shard that was right so far. */
  async #stripes(blob: ScrubbedBlob, partial: Partial, steps: number): Promise<void> {
    const stripes = { first: partial.nextStripe, last: partial.nextStripe + steps - 1 };
    const open = blob.shards.flatMap((_, shard) => (partial.unverified.includes(shard) ? [] : [shard]));
    for (let at = 0; at < open.length; at += CONNECTIONS_MAX) {
      const some = open.slice(at, at + CONNECTIONS_MAX);
      await Promise.all(
        some.map(async (shard) => {
          const state = await checkShard(this.#store, { blob, shard, stripes });
          if (state.ok) return;
          partial.unverified.push(shard);
          if (state.fault.damaged) this.#note(blob, shard, state.fault.kind);
          else this.report.unreachableShards += 1;
        }),
      );
    }
  }

  #note(blob: ScrubbedBlob, shard: number, cause: "absent" | "corrupt" | "short"): void {
    const place = blob.shards[shard] ?? null;
    this.#found.push({ blobId: blob.id, shard, cause: place ? cause : "not-written" });
    this.report.damagedShards += 1;
  }

  #finish(blob: ScrubbedBlob, { unverified }: Partial): void {
    const nowMs = this.#store.clock.now();
    const verifiedMs = blob.shards.map((place, shard) => {
      if (unverified.includes(shard) || !driveOf(this.#store, place)) return blob.verifiedMs[shard] ?? null;
      this.report.verifiedShards += 1;
      return nowMs;
    });
    this.#scrubbed.push({ ...blob, verifiedMs });
    this.#cursor.afterId = blob.id;
    this.#cursor.partial = null;
  }
}
