import { TOPIC_DEDUPLICATION_MS } from "../../metadata/topics/publications.ts";
import { isFirstDatabase } from "../../store/buckets/databases.ts";
import type { Job } from "../run/job.ts";

const ROWS_PER_BATCH = 500;
/**
 * AWS deletes subscriptions that nobody confirmed after two days. Their tokens are then invalid.
 */
const PENDING_MS = 2 * 86_400_000;

/**
 * Deletes the rest of deleted topics, subscriptions that nobody confirmed, and expired
 * deduplication ids. Every batch may be repeated.
 */
export const sweepTopics: Job = {
  name: "sweep-topics",
  async run(store, budget) {
    // Only the first database has topics.
    if (!isFirstDatabase(store)) return { report: {}, cursor: null };
    const { metadata, clock } = store;
    const nowMs = clock.now();
    // So old that no client repeats it, whatever the differences of isolates' clocks.
    const deduplicationsBeforeMs = nowMs - 2 * TOPIC_DEDUPLICATION_MS;
    const before = { deduplicationsBeforeMs, pendingBeforeMs: nowMs - PENDING_MS, limit: ROWS_PER_BATCH };
    let sweptRows = 0;
    for (let count = 1; count > 0 && !budget.isSpent(); sweptRows += count) {
      count = await metadata.topics.upkeep.sweep(before);
    }
    return { report: { sweptRows }, cursor: null };
  },
};
