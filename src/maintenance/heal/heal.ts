import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";
import { healBlob, recordHealed } from "./heal-blob.ts";

const BLOBS_PER_PAGE = 60;

interface HealReport {
  healedBlobs: number;
  rebuiltShards: number;
  copiedShards: number;
  /** Noted as damaged, and found good. */
  fineShards: number;
  writtenBytes: number;
  /** Of those tried: no drive gave or took what is needed. */
  waitingBlobs: number;
  /** Of those tried: fewer than k good shards are known. They stay in the queue. */
  lostBlobs: number;
}

/**
 * Writes shards anew that are missing, wrong, or on drives that are to be emptied: the blobs closest to loss first. One that
 * cannot be healed is tried again at growing intervals, up to six hours, for ever.
 */
export const heal: Job = healAtMost(null);

/** The same, at most so many bytes written a second; null: as the settings say. */
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

  /** `bytesPerSecond` 0: no bound. */
  constructor(store: StoreContext, budget: Budget, bytesPerSecond: number) {
    this.#store = store;
    this.#budget = budget;
    this.#bytesPerSecond = bytesPerSecond;
    this.#beganMs = store.clock.now();
  }

  /** Heals these, in their order. */
  async healAll(due: readonly DueBlob[]): Promise<void> {
    const waiting = [...due];
    while (waiting.length > 0 && !this.#budget.isSpent()) {
      await this.#heal(takeSome(waiting, this.#store.settings.driveConnections));
      await this.#pace();
    }
  }

  async #heal(due: readonly DueBlob[]): Promise<void> {
    const { metadata, clock } = this.#store;
    const claimed = await metadata.healing.claim(
      due.map(({ id }) => id),
      clock.now(),
    );
    const results = await Promise.allSettled(claimed.map((blob) => healBlob(this.#store, blob)));
    const healed = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    if (healed.length > 0) {
      for (const { outcome, ...did } of await recordHealed(this.#store, healed)) {
        for (const [what, count] of Object.entries(did)) this.report[what as keyof HealReport] += count;
        if (outcome === "healed") this.report.healedBlobs += 1;
        if (outcome === "waiting") this.report.waitingBlobs += 1;
        if (outcome === "lost") this.report.lostBlobs += 1;
      }
    }
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** Waits as long as the bound asks for, but not beyond the run. */
  async #pace(): Promise<void> {
    if (this.#bytesPerSecond === 0) return;
    const { clock } = this.#store;
    const dueMs = this.#beganMs + (this.report.writtenBytes / this.#bytesPerSecond) * 1000;
    const waitMs = Math.min(dueMs, this.#budget.untilMs) - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs);
  }
}

/** The first, and as many after it as there are connections for: a blob needs k for reading and at least one for writing. */
function takeSome(waiting: DueBlob[], connectionsMax: number): DueBlob[] {
  const some = waiting.splice(0, 1);
  let connections = (some[0]?.k ?? 0) + 1;
  for (let next = waiting[0]; next && connections + next.k + 1 <= connectionsMax; next = waiting[0]) {
    some.push(next);
    connections += next.k + 1;
    waiting.shift();
  }
  return some;
}
