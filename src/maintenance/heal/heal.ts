import { CONNECTIONS_MAX } from "../../drives/limits.ts";
import type { AilingBlob } from "../../metadata/blobs/healing.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";
import { type BlobHealing, type HealedBlob, healBlob, recordHealed } from "./heal-blob.ts";
import type { SpareMemory } from "./rebuild-directly.ts";

const BLOBS_PER_PAGE = 256;
/** Blobs that are claimed and recorded together, for each connection's worth of blobs. */
const BLOBS_PER_CONNECTION = 8;

interface HealReport {
  healedBlobs: number;
  rebuiltShards: number;
  copiedShards: number;
  /** Recorded as damaged, but found good. */
  fineShards: number;
  writtenBytes: number;
  /** Of the attempts: drives that are needed failed. */
  waitingBlobs: number;
  /** Of the attempts: fewer than k good shards are known. They stay in the queue. */
  lostBlobs: number;
}

/**
 * Rewrites shards that are missing, wrong, or on drives that are to be emptied: the blobs closest
 * to loss first. Blobs that cannot be healed are retried forever, at growing intervals of up to six
 * hours.
 */
export const heal: Job = healAtMost(null);

/** The same, with a limit of bytes written per second; null: the limit of the settings. */
export function healAtMost(bytesPerSecond: number | null): Job {
  return {
    name: "heal",
    async run(store, budget) {
      const healing = new Healer(store, budget, bytesPerSecond ?? store.settings.healBytesPerSecond);
      const tried = new Set<string>();
      for (;;) {
        const due = await store.metadata.healing.due(store.clock.now(), BLOBS_PER_PAGE);
        const fresh = due.filter(({ id }) => !tried.has(id));
        if (fresh.length === 0) return { report: { ...healing.report }, cursor: null };
        for (const { id } of fresh) tried.add(id);
        await healing.healAll(fresh);
        if (budget.isSpent()) return { report: { ...healing.report }, cursor: null, isUnfinished: true };
      }
    },
  };
}

interface DueBlob {
  id: string;
  k: number;
  /** Number of earlier attempts. */
  attempts: number;
}

/** One run of the healer. */
class Healer {
  readonly report: HealReport = {
    healedBlobs: 0,
    rebuiltShards: 0,
    copiedShards: 0,
    fineShards: 0,
    writtenBytes: 0,
    waitingBlobs: 0,
    lostBlobs: 0,
  };
  readonly #store: StoreContext;
  readonly #budget: Budget;
  readonly #bytesPerSecond: number;
  readonly #beganMs: number;
  /** Of the group before. */
  #recording: Promise<void> = Promise.resolve();

  /** `bytesPerSecond` 0: no limit. */
  constructor(store: StoreContext, budget: Budget, bytesPerSecond: number) {
    this.#store = store;
    this.#budget = budget;
    this.#bytesPerSecond = bytesPerSecond;
    this.#beganMs = store.clock.now();
  }

  /** Heals these, in their order. */
  async healAll(due: readonly DueBlob[]): Promise<void> {
    const waiting = [...due];
    const claimNext = () => this.#claim(waiting.splice(0, this.#groupSize(waiting)));
    let upcoming: Promise<AilingBlob[]> | null = null;
    try {
      while ((upcoming !== null || waiting.length > 0) && !this.#budget.isSpent()) {
        const claimed = await (upcoming ?? claimNext());
        // Database and drives work at the same time.
        const isNextAhead = this.#isWide && waiting.length > 0 && waiting[0]?.attempts === 0;
        upcoming = isNextAhead ? claimNext() : null;
        upcoming?.catch(() => {});
        await this.#healGroup(claimed);
      }
    } finally {
      await this.#recording;
      if (upcoming !== null) await this.#release(await upcoming);
    }
  }

  get #isWide(): boolean {
    return this.#store.settings.driveConnections > CONNECTIONS_MAX;
  }

  /**
   * How many are healed at a time: a blob needs k connections for reading and at least one for
   * writing.
   */
  #atOnce(due: readonly { k: number }[]): number {
    const widest = Math.max(1, ...due.map(({ k }) => k + 1));
    return Math.max(1, Math.floor(this.#store.settings.driveConnections / widest));
  }

  /**
   * A blob that was tried before may have killed its healer, and blobs that were claimed with it
   * would wait as long: it goes alone. With few connections every blob goes alone, because a run
   * may end at any moment.
   */
  #groupSize(due: readonly DueBlob[]): number {
    if (!this.#isWide || (due[0]?.attempts ?? 0) > 0) return 1;
    const tried = due.findIndex(({ attempts }) => attempts > 0);
    const size = this.#atOnce(due) * BLOBS_PER_CONNECTION;
    return tried < 0 ? size : Math.min(size, tried);
  }

  #claim(due: readonly DueBlob[]): Promise<AilingBlob[]> {
    const ids = due.map(({ id }) => id);
    return this.#store.metadata.healing.claim(ids, this.#store.clock.now());
  }

  async #release(claimed: readonly AilingBlob[]): Promise<void> {
    const { metadata, clock } = this.#store;
    if (claimed.length > 0) await metadata.healing.release(claimed, clock.now());
  }

  /**
   * They are claimed and recorded together: each is a write to the database, and others wait for
   * it.
   */
  async #healGroup(claimed: AilingBlob[]): Promise<void> {
    const atOnce = this.#atOnce(claimed);
    const healed: HealedBlob[] = [];
    const failures: unknown[] = [];
    const healOneAfterAnother = async () => {
      const memory: SpareMemory = [];
      while (claimed.length > 0 && !this.#budget.isSpent()) {
        const blob = claimed.shift() as AilingBlob;
        try {
          const one = await healBlob(this.#store, blob, memory);
          healed.push(one);
          this.report.writtenBytes += one.outcome.writtenBytes;
        } catch (error) {
          failures.push(error);
        }
        await this.#pace();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, healOneAfterAnother));
    await this.#release(claimed);
    await this.#recording;
    this.#recording = this.#record(healed);
    this.#recording.catch(() => {});
    if (!this.#isWide) await this.#recording;
    if (failures.length > 0) throw failures[0];
  }

  async #record(healed: readonly HealedBlob[]): Promise<void> {
    if (healed.length > 0) this.#count(await recordHealed(this.#store, healed));
  }

  #count(outcomes: readonly BlobHealing[]): void {
    for (const { outcome, rebuiltShards, copiedShards, fineShards } of outcomes) {
      this.report.rebuiltShards += rebuiltShards;
      this.report.copiedShards += copiedShards;
      this.report.fineShards += fineShards;
      if (outcome === "healed") this.report.healedBlobs += 1;
      if (outcome === "waiting") this.report.waitingBlobs += 1;
      if (outcome === "lost") this.report.lostBlobs += 1;
    }
  }

  /** Waits as long as the limit requires, but not beyond the run. */
  async #pace(): Promise<void> {
    if (this.#bytesPerSecond === 0) return;
    const { clock } = this.#store;
    const dueMs = this.#beganMs + (this.report.writtenBytes / this.#bytesPerSecond) * 1000;
    const waitMs = Math.min(dueMs, this.#budget.untilMs) - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs);
  }
}
