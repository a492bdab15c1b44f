import { collect } from "./collect.ts";
import { expire } from "./expire.ts";
import type { Job, JobReport, MaintenanceContext } from "./job.ts";

/** In the order in which they run: what one frees, the next may take away. */
const JOBS: readonly Job[] = [expire, collect];

/** A cron trigger that comes more often than hourly has 30 seconds. */
const RUN_MS_MAX = 20_000;

/**
 * Runs all jobs within one cron trigger's time. A job that fails does not keep the others from running; the failures are thrown
 * together at the end.
 */
export async function runJobs(context: MaintenanceContext): Promise<Map<string, JobReport>> {
  const budget = { untilMs: context.clock.now() + RUN_MS_MAX };
  const reports = new Map<string, JobReport>();
  const failures: unknown[] = [];
  for (const job of JOBS) {
    try {
      reports.set(job.name, await job.run(context, budget));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "background jobs failed");
  return reports;
}

/** True if no job found anything to do. */
export function isIdle(reports: ReadonlyMap<string, JobReport>): boolean {
  return [...reports.values()].every((report) => Object.values(report).every((count) => count === 0));
}
