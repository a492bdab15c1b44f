import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";
import { healBlob } from "./heal-blob.ts";

const BLOBS_PER_PAGE = 60;
/** An invocation has six connections. A blob needs k for reading and at least one for writing. */
const CONNECTIONS = 6;

interface HealReport {
  healedBlobs: number;
  rebuiltShards: number;
  copiedShards: number;
  /** Noted as damaged, and found good. */
  fineShards: number;
  /** Of those tried: no drive gave or took what is needed. */
  waitingBlobs: number;
  /** Of those tried: fewer than k good shards are known. They stay in the queue. */
  lostBlobs: number;
}

/**
 * Writes shards anew that are missing, wrong, or on drives that are to be emptied: the blobs closest to loss first. One that
 * cannot be healed is tried again at growing intervals, up to six hours, for ever.
 */
export const heal: Job = {
  name: "heal",
  async run(store, budget) {
    const report: HealReport = {
      healedBlobs: 0,
      rebuiltShards: 0,
      copiedShards: 0,
      fineShards: 0,
      waitingBlobs: 0,
      lostBlobs: 0,
    };
    const tried = new Set<string>();
    for (;;) {
      const due = await store.metadata.healing.due(store.clock.now(), BLOBS_PER_PAGE);
      const fresh = due.filter(({ id }) => !tried.has(id));
      if (fresh.length === 0) return { report: { ...report }, cursor: null };
      for (const { id } of fresh) tried.add(id);
      await healAll(store, budget, fresh, report);
      if (budget.isSpent()) return { report: { ...report }, cursor: null, isUnfinished: true };
    }
  },
};

interface DueBlob {
  id: string;
  k: number;
}

/** Heals these, in their order. */
async function healAll(store: StoreContext, budget: Budget, due: readonly DueBlob[], report: HealReport) {
  const waiting = [...due];
  while (waiting.length > 0 && !budget.isSpent()) {
    const results = await Promise.allSettled(takeSome(waiting).map(({ id }) => healOne(store, id, report)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}

/** The first, and as many after it as there are connections for. */
function takeSome(waiting: DueBlob[]): DueBlob[] {
  const some = waiting.splice(0, 1);
  let connections = (some[0]?.k ?? 0) + 1;
  for (let next = waiting[0]; next && connections + next.k + 1 <= CONNECTIONS; next = waiting[0]) {
    some.push(next);
    connections += next.k + 1;
    waiting.shift();
  }
  return some;
}

async function healOne(store: StoreContext, id: string, report: HealReport): Promise<void> {
  const blob = await store.metadata.healing.claim(id, store.clock.now());
  if (!blob) return;
  const { outcome, rebuiltShards, copiedShards, fineShards } = await healBlob(store, blob);
  report.rebuiltShards += rebuiltShards;
  report.copiedShards += copiedShards;
  report.fineShards += fineShards;
  if (outcome === "healed") report.healedBlobs += 1;
  if (outcome === "waiting") report.waitingBlobs += 1;
  if (outcome === "lost") report.lostBlobs += 1;
}
