import type { StoreContext } from "../store/context.ts";
import { newId } from "../store/ids.ts";
import { census } from "./census.ts";
import { collect } from "./collect.ts";
import { expire } from "./expire.ts";
import type { Budget, Job, JobReport } from "./job.ts";
import { pack } from "./pack.ts";

/** In the order in which they run: what one frees, the next may take away. */
const JOBS: readonly Job[] = [expire, pack, collect, census];

/** A cron trigger that comes more often than hourly has 30 seconds. */
const RUN_MS_MAX = 20_000;
/** A run that has not ended by then is dead: another one may take the job over. */
const LEASE_MS = 90_000;

/**
 * Runs all jobs within one cron trigger's time, each under its lease: a job that somebody else runs is passed over. A job that
 * fails does not keep the others from running; the failures are thrown together at the end. Gives what each job did.
 */
export async function runJobs(store: StoreContext, jobs: readonly Job[] = JOBS): Promise<Map<string, JobReport>> {
  const { clock } = store;
  const untilMs = clock.now() + RUN_MS_MAX;
  const budget: Budget = { untilMs, isSpent: () => clock.now() >= untilMs };
  const holder = newId(store);
  const reports = new Map<string, JobReport>();
  const failures: unknown[] = [];
  for (const job of jobs) {
    if (budget.isSpent()) break;
    try {
      const report = await runLeased(store, job, holder, budget);
      if (report) reports.set(job.name, report);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "background jobs failed");
  return reports;
}

async function runLeased(store: StoreContext, job: Job, holder: string, budget: Budget): Promise<JobReport | null> {
  const { clock, metadata } = store;
  const leased = await metadata.jobs.lease(job.name, holder, clock.now(), clock.now() + LEASE_MS);
  if (!leased) return null;
  try {
    const { report, cursor } = await job.run(store, budget, leased.cursor);
    await metadata.jobs.finish(job.name, holder, { nowMs: clock.now(), cursor, report });
    return report;
  } catch (error) {
    // The lease would run out anyway: what matters is the failure itself.
    await metadata.jobs.fail(job.name, holder, clock.now(), String(error)).catch(() => {});
    throw error;
  }
}

/** True if no job found anything to do. */
export function isIdle(reports: ReadonlyMap<string, JobReport>): boolean {
  return [...reports.values()].every((report) => Object.values(report).every((count) => count === 0));
}
