import { TOPIC_DEDUPLICATION_MS } from "../../metadata/topics/publications.ts";
import { isFirstDatabase } from "../../store/buckets/databases.ts";
import type { Job } from "../run/job.ts";

const ROWS_PER_BATCH = 500;
/** AWS deletes subscriptions that nobody confirmed after two days. Their tokens count no longer either. */
const PENDING_MS = 2 * 86_400_000;

/**
 * Deletes what belonged to deleted topics, subscriptions that nobody confirmed, and deduplication ids that count no more. Every batch may
 * be repeated.
 */
export const sweepTopics: Job = {
  name: "sweep-topics",
  async run(store, budget) {
    // Topics lie in the first database alone.
    if (!isFirstDatabase(store)) return { report: {}, cursor: null };
    const { metadata, clock } = store;
    const nowMs = clock.now();
    // Old enough that nobody repeats it any more, however the clocks of isolates differ.
    const deduplicationsBeforeMs = nowMs - 2 * TOPIC_DEDUPLICATION_MS;
    const before = { deduplicationsBeforeMs, pendingBeforeMs: nowMs - PENDING_MS, limit: ROWS_PER_BATCH };
    let sweptRows = 0;
    for (let count = 1; count > 0 && !budget.isSpent(); sweptRows += count) {
      count = await metadata.topics.upkeep.sweep(before);
    }
    return { report: { sweptRows }, cursor: null };
  },
};
