import type { CarriedExecution } from "../../metadata/query/carried-queries.ts";
import { readGroups, readQuestion, readSight, writeGroups } from "../../query/carry.ts";
import { QueryRefused } from "../../query/failure.ts";
import { gatherGroups, prepareQuery } from "../../query/run.ts";
import { allStores, isFirstDatabase } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";

const QUERIES_PER_RUN = 100;
/** After this time the next query has its turn, and the progress of this one is saved. */
const TURN_MS = 2_000;
const STEP_MS = 25;
/** Rows that one query may read in all. */
const ROWS_MAX = 1_000_000_000;
/** A query is abandoned if nobody asks for its result for this long. */
const KEPT_MS = 24 * 3_600_000;

/**
 * Continues long queries of Athena's API: reads the rows that their caller could see when they were
 * started. The result is made and returned when the query's starter requests it and may still see
 * the same rows. A crash repeats one turn.
 */
export const carryQueries: Job = {
  name: "carry-queries",
  async run(store, budget) {
    const report = { carriedQueries: 0, carriedRows: 0 };
    // Only the first database has executions.
    if (!isFirstDatabase(store)) return { report, cursor: null };
    let isUnfinished = false;
    const failures: unknown[] = [];
    const { carriedQueries } = store.metadata;
    for (const one of await carriedQueries.due(store.clock.now() - KEPT_MS, QUERIES_PER_RUN)) {
      if (budget.isSpent()) return { report, cursor: null, isUnfinished: true, failures };
      try {
        const row = await carriedQueries.running(one);
        if (row === null) continue;
        const after = await carryOn(store, row, budget);
        report.carriedQueries++;
        report.carriedRows += after.scanned - row.scanned;
        isUnfinished ||= !after.isDone;
      } catch (error) {
        // The others go on; this one is abandoned after its time.
        failures.push(new Error(`query ${one.id} of account ${one.accountId}: ${String(error)}`, { cause: error }));
      }
    }
    return { report, cursor: null, isUnfinished, failures };
  },
};

/** One turn of a query. An error in the query ends its execution. */
async function carryOn(
  store: StoreContext,
  row: CarriedExecution,
  budget: Budget,
): Promise<{ scanned: number; isDone: boolean }> {
  const { carriedQueries, executions } = store.metadata;
  const nowMs = store.clock.now();
  const fail = async (reason: string) => {
    const none = { output: null, columns: null, rowCount: null, scanned: row.scanned };
    await executions.end(row, { state: "FAILED", reason, completedMs: nowMs, ...none });
    return { scanned: row.scanned, isDone: true };
  };
  if (nowMs - row.submittedMs > KEPT_MS) return fail("Nobody who may see the result has asked for it within a day.");
  if (row.isDone) return row;
  if (row.scanned >= ROWS_MAX) return fail(`LimitExceeded: the query has read ${ROWS_MAX} rows.`);
  const asked = allStores(store).find(({ metadata }) => metadata.identity.name === row.database);
  if (asked === undefined) return fail(`There is no database ${row.database} any more.`);
  try {
    const timeMs = Math.max(1, Math.min(TURN_MS, budget.untilMs - nowMs));
    const limits = { wholeRowsMax: 0, steppedRowsMax: ROWS_MAX, timeMs, stepMs: STEP_MS };
    const run = { queries: asked.metadata.queries, clock: store.clock, limits };
    const { parsed, input } = readQuestion(JSON.parse(row.request));
    const prepared = await prepareQuery(run, input, { parsed, options: { sight: readSight(row.sight) } });
    const groups = await gatherGroups(run, prepared, readGroups(row));
    await carriedQueries.save({ ...row, ...writeGroups(groups, row.sight) }, row);
    return groups;
  } catch (error) {
    if (error instanceof QueryRefused) return fail(`${error.code}: ${error.message}`);
    throw error;
  }
}
