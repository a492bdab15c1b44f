import type { Clock } from "../base/clock.ts";
import { type DriveCounts, newDriveCounts, withCounts } from "../drives/counted.ts";
import type { StoreContext } from "../store/context.ts";
import { newId } from "../store/ids.ts";
import { census } from "./census.ts";
import { collect } from "./collect.ts";
import { drain } from "./drain.ts";
import { expire } from "./expire.ts";
import { heal } from "./heal.ts";
import type { Budget, Job, JobReport, JobResult } from "./job.ts";
import { pack } from "./pack.ts";
import { scrub } from "./scrub.ts";
import { walk } from "./walk.ts";

/** In the order in which they run: what one finds or frees, the next may heal or take away. */
const JOBS: readonly Job[] = [drain, heal, expire, pack, collect, walk, scrub, census];

/** A cron trigger that comes more often than hourly has 30 seconds. */
const RUN_MS_MAX = 20_000;
/** A run that has not ended by then is dead: another one may take the job over. */
const LEASE_MS = 90_000;

/**
 * Runs all jobs within one cron trigger's time and a bound of calls to drives, each under its lease: a job that somebody else runs
 * is passed over. Each has an equal share of what is left; those that would go on share what remains at the end. A job that has
 * waited longest begins, so that none is kept from running by others that take too long. Nor by one that fails: the failures are
 * thrown together at the end. Gives what each job did.
 */
export async function runJobs(store: StoreContext, jobs: readonly Job[] = JOBS): Promise<Map<string, JobReport>> {
  const counts = newDriveCounts();
  const counted = { ...store, drives: store.drives.map((drive) => withCounts(drive, counts)) };
  const whole = budgetOf(store.clock, counts, {
    untilMs: store.clock.now() + RUN_MS_MAX,
    calls: store.settings.driveCallsPerRun,
  });
  const holder = newId(store);
  const reports = new Map<string, JobReport>();
  const failures: unknown[] = [];
  let round = await byLongestWait(store, jobs);
  while (round.length > 0) {
    const unfinished: Job[] = [];
    for (const [index, job] of round.entries()) {
      if (whole.isSpent()) break;
      const share = whole.share(round.length - index);
      try {
        const result = await runLeased(counted, job, holder, share);
        if (result) reports.set(job.name, sum(reports.get(job.name), result.report));
        if (result?.isUnfinished) unfinished.push(job);
      } catch (error) {
        failures.push(error);
      }
    }
    round = whole.isSpent() ? [] : unfinished;
  }
  if (failures.length > 0) throw new AggregateError(failures, "background jobs failed");
  return reports;
}

/** What is left of a run, in time and in calls to drives. */
interface SharedBudget extends Budget {
  /** One of so many equal shares of it. */
  share(shares: number): Budget;
}

function budgetOf(
  clock: Clock,
  counts: DriveCounts,
  { untilMs, calls }: { untilMs: number; calls: number },
): SharedBudget {
  const callsMade = () => counts.put + counts.get + counts.head + counts.list + counts.deletedKeys;
  const callsUntil = callsMade() + calls;
  return {
    untilMs,
    isSpent: () => clock.now() >= untilMs || callsMade() >= callsUntil,
    share: (shares) => {
      const nowMs = clock.now();
      const share = { untilMs: nowMs + (untilMs - nowMs) / shares, calls: (callsUntil - callsMade()) / shares };
      return budgetOf(clock, counts, share);
    },
  };
}

/** The jobs in their order, but those that were begun longest ago first. */
async function byLongestWait({ metadata }: StoreContext, jobs: readonly Job[]): Promise<readonly Job[]> {
  const rows = await metadata.jobs.list();
  const startedMs = ({ name }: Job) => rows.find((row) => row.name === name)?.startedMs ?? 0;
  return [...jobs].sort((a, b) => startedMs(a) - startedMs(b));
}

function sum(before: JobReport | undefined, report: JobReport): JobReport {
  const total: Record<string, number> = { ...before };
  for (const [what, count] of Object.entries(report)) total[what] = (total[what] ?? 0) + count;
  return total;
}

async function runLeased(store: StoreContext, job: Job, holder: string, budget: Budget): Promise<JobResult | null> {
  const { clock, metadata } = store;
  const leased = await metadata.jobs.lease(job.name, holder, clock.now(), clock.now() + LEASE_MS);
  if (!leased) return null;
  try {
    const result = await job.run(store, budget, leased.cursor);
    await metadata.jobs.finish(job.name, holder, {
      nowMs: clock.now(),
      cursor: result.cursor,
      report: { ...result.report },
    });
    return result;
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
