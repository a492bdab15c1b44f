import type { Crossing } from "../../metadata/usage/quotas.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";
import { divideQuotas } from "./divide-quotas.ts";

const ROWS_PER_STEP = 5_000;
const CROSSINGS_PER_RUN = 100;
const DAY_MS = 24 * 3600 * 1000;
/** Days for which the usage of a bucket is kept. */
export const USAGE_DAYS = 400;

/** The last recorded day, in days since 1970, UTC. */
interface Cursor {
  readonly day: number;
}

/**
 * Usage and quotas: counts buckets that are older than the usage counts, reports soft quotas that
 * were crossed, records the contents of each bucket once a day, and divides quotas of accounts
 * among databases. After a crash the next run continues; a crossing may then have two lines in the
 * log, and has one event.
 */
export const usage: Job = {
  name: "usage",
  async run(store, budget, saved) {
    const { usage: table } = store.metadata;
    const nowMs = store.clock.now();
    const isCounted = await countRest(store, budget);
    const crossed = await tellCrossings(store, nowMs);
    await divideQuotas(store);
    const day = Math.floor(nowMs / DAY_MS);
    const before = saved as Cursor | null;
    const report = { usageStepsLeft: isCounted ? 0 : 1, quotasCrossed: crossed, usageDaysForgotten: 0 };
    if (!isCounted || before?.day === day) return { report, cursor: before, isUnfinished: !isCounted };
    await table.writeDay(day);
    // A clock that jumped may be wrong, and expired records could not be recovered. The next day
    // decides.
    if (before !== null && day === before.day + 1) report.usageDaysForgotten = await table.forgetDays(day - USAGE_DAYS);
    return { report, cursor: { day } satisfies Cursor };
  },
};

/** True if all buckets are counted. */
async function countRest({ metadata }: StoreContext, budget: Budget): Promise<boolean> {
  for (;;) {
    const bucket = await metadata.usage.uncounted();
    if (bucket === null) return true;
    if (budget.isSpent()) return false;
    await metadata.usage.countOn(bucket, ROWS_PER_STEP);
  }
}

async function tellCrossings(store: StoreContext, nowMs: number): Promise<number> {
  const crossings = await store.metadata.quotas.crossings(CROSSINGS_PER_RUN);
  if (crossings.length === 0) return 0;
  for (const crossing of crossings) store.tell?.(`sherd: ${sentenceOf(crossing)}`);
  await store.metadata.quotas.told(
    crossings.map(({ id }) => id),
    nowMs,
  );
  return crossings.length;
}

function sentenceOf({ scope, bucket, owner, measure, used, soft }: Crossing): string {
  const what = scope === "bucket" ? `bucket ${bucket ?? "(deleted)"}` : `the account with the canonical id ${owner}`;
  return `${what} has crossed its soft quota: ${used} ${measure}, the quota is ${soft}`;
}
