import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";

/** Per step: an object has at most about twenty values, usually fewer. */
const OBJECTS_PER_STEP = 500;
const VALUES_PER_STEP = 5_000;
/** Longer than any query runs. */
const SWEEP_AFTER_MS = 10 * 60_000;

/**
 * Fills the search indexes of buckets with older objects, and removes the rest of indexes that were
 * switched off. A crash repeats at most one step.
 */
export const search: Job = {
  name: "search",
  async run(store, budget) {
    const report = { searchStepsDone: 0, searchValuesSwept: 0 };
    const isFilled = await fill(store, budget, report);
    const isSwept = isFilled && (await sweep(store, budget, report));
    return { report, cursor: null, isUnfinished: !isSwept };
  },
};

interface Report {
  searchStepsDone: number;
  searchValuesSwept: number;
}

async function fill({ metadata }: StoreContext, budget: Budget, report: Report): Promise<boolean> {
  for (;;) {
    const index = await metadata.search.unfilled();
    if (index === null) return true;
    if (budget.isSpent()) return false;
    await metadata.search.fillOn(index, OBJECTS_PER_STEP);
    report.searchStepsDone++;
  }
}

async function sweep({ metadata, clock }: StoreContext, budget: Budget, report: Report): Promise<boolean> {
  while (!budget.isSpent()) {
    const swept = await metadata.search.sweep(clock.now() - SWEEP_AFTER_MS, VALUES_PER_STEP);
    if (swept === null) return true;
    report.searchValuesSwept += swept;
  }
  return false;
}
