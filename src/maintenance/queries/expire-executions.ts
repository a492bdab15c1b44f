import type { Job } from "../run/job.ts";

/** As long as Athena keeps its history of queries. */
const KEPT_MS = 45 * 86_400_000;
const EXECUTIONS_PER_BATCH = 500;

/** Deletes the rows of queries that were started by Athena's API long ago. Their results are objects of their buckets, and stay. */
export const expireExecutions: Job = {
  name: "expire-executions",
  async run({ metadata, clock, databases }, budget) {
    // Executions lie in the first database alone.
    if (databases !== undefined && databases.all[0]?.metadata !== metadata) return { report: {}, cursor: null };
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
