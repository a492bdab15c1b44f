import { isFirstDatabase } from "../../store/buckets/databases.ts";
import type { Job } from "../run/job.ts";

/** As long as Athena keeps its history of queries. */
const KEPT_MS = 45 * 86_400_000;
const EXECUTIONS_PER_BATCH = 500;

/**
 * Deletes old rows of queries that Athena's API started. Their results are objects of their
 * buckets, and stay.
 */
export const expireExecutions: Job = {
  name: "expire-executions",
  async run(store, budget) {
    // Only the first database has executions.
    if (!isFirstDatabase(store)) return { report: {}, cursor: null };
    const { metadata, clock } = store;
    let expiredExecutions = 0;
    for (
      let count = EXECUTIONS_PER_BATCH;
      count === EXECUTIONS_PER_BATCH && !budget.isSpent();
      expiredExecutions += count
    ) {
      count = await metadata.executions.expire(clock.now() - KEPT_MS, EXECUTIONS_PER_BATCH);
    }
    return { report: { expiredExecutions }, cursor: null };
  },
};
