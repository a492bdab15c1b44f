import type { Clock } from "../../base/clock.ts";
import { type DriveCounts, newDriveCounts, withCounts } from "../../drives/counted.ts";
import type { Drive } from "../../drives/drive.ts";
import { Pauses, type Rhythm, withPauses } from "../../drives/paused.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { newId } from "../../store/placement/ids.ts";
import { census } from "../census/census.ts";
import { collect } from "../collect/collect.ts";
import { expire } from "../collect/expire.ts";
import { pack } from "../collect/pack.ts";
import { encrypt } from "../encrypt/encrypt.ts";
import { drain } from "../heal/drain.ts";
import { heal } from "../heal/heal.ts";
import { inventory } from "../inventory/inventory.ts";
import { keys } from "../keys/keys.ts";
import { lifecycle } from "../lifecycle/lifecycle.ts";
import { carryQueries } from "../queries/carry-queries.ts";
import { expireExecutions } from "../queries/expire-executions.ts";
import { expireMessages } from "../queues/expire-messages.ts";
import { moveMessages } from "../queues/move-messages.ts";
import { reseal } from "../reseal/reseal.ts";
import { scrub } from "../scrub/scrub.ts";
import { search } from "../search/search.ts";
import { RESTORE_JOB } from "../snapshots/restore.ts";
import { snapshot } from "../snapshots/snapshot.ts";
import { tiering } from "../tiering/tiering.ts";
import { sweepTopics } from "../topics/sweep-topics.ts";
import { usage } from "../usage/usage.ts";
import { walk } from "../walk/walk.ts";
import { queueLosses } from "../watch/queue-losses.ts";
import { watch } from "../watch/watch.ts";
import type { Budget, Job, JobReport, JobResult } from "./job.ts";

/** In the order of their runs: later jobs heal or remove what earlier ones find or free. */
export const JOBS: readonly Job[] = [
  queueLosses,
  drain,
  heal,
  expire,
  lifecycle,
  keys,
  tiering,
  pack,
  collect,
  walk,
  reseal,
  encrypt,
  inventory,
  snapshot,
  scrub,
  census,
  expireMessages,
  moveMessages,
  expireExecutions,
  sweepTopics,
  usage,
  search,
  carryQueries,
];

/** The jobs that must have run for a green report of durability. */
export const JOB_NAMES: readonly string[] = JOBS.map(({ name }) => name);

/**
 * Under `npm start`, where the process of the jobs also answers all others' calls to the metadata.
 */
const RHYTHM: Rhythm = { workMs: 8, pauseMs: 4 };

/** A run that has not ended this long after its time is dead: another one may take the job over. */
const LEASE_MS = 70_000;

/**
 * Checks the drives first, then runs all jobs within one cron trigger's time and a limit of calls
 * to drives, each under its lease. A job that is running elsewhere is skipped. Each has an equal
 * share of the rest; jobs with work left share what remains at the end. The job that has waited
 * longest begins, so that slow jobs do not keep others from running. Failing jobs do not either:
 * all failures are thrown together at the end. Returns the results of each job.
 *
 * Each of several databases has jobs of its own and an equal share of the rest, the one that has
 * waited longest first. The results are then named `<database>/<job>`.
 */
export async function runJobs(
  store: StoreContext,
  jobs: readonly Job[] = JOBS,
  { isAlone = false, signal }: RunOptions = {},
): Promise<JobReports> {
  const counts = newDriveCounts();
  const whole = budgetOf(store.clock, counts, {
    untilMs: store.clock.now() + store.settings.runSeconds * 1000,
    calls: store.settings.driveCallsPerRun,
    isEnded: () => signal?.aborted === true,
  });
  const pauses = new Pauses(store.clock, RHYTHM);
  // Without a host, nothing else waits for this isolate.
  const considerate = (drive: Drive) => (store.host && !isAlone ? withPauses(drive, pauses) : drive);
  const run: Run = { jobs, holder: newId(store), reports: new JobReports(), failures: [] };
  const stores = allStores(store);
  const waits = await Promise.all(stores.map((one) => waitOf(one, run)));
  const waiting = waits.filter((wait) => wait !== null).sort((a, b) => a.sinceMs - b.sinceMs);
  // Deletions and writes of the other jobs depend on the drives' identities.
  if (jobs === JOBS && waits[0]) await runIn(stores[0] as StoreContext, { ...run, jobs: [watch] }, first(whole));
  for (const [index, { store: one, startedMs }] of waiting.entries()) {
    if (whole.isSpent()) {
      run.reports.isUnfinished = true;
      break;
    }
    const counted = { ...one, drives: one.drives.map((drive) => considerate(withCounts(drive, counts))) };
    const { name } = one.metadata.identity;
    const prefix = stores.length === 1 ? "" : `${name}/`;
    await runIn(counted, run, { prefix, startedMs, budget: whole.share(waiting.length - index) });
  }
  if (run.failures.length > 0) throw new AggregateError(run.failures, "background jobs failed");
  return run.reports;
}

/** The watch comes before the others, and is not limited. */
function first(budget: SharedBudget): Parameters<typeof runIn>[2] {
  return { prefix: "", startedMs: new Map(), budget };
}

export interface RunOptions {
  /** Nothing waits for this process: jobs make no pauses. */
  isAlone?: boolean;
  /** Ends the run as if its time were over. */
  signal?: AbortSignal;
}

/** What each job did, by name. */
export class JobReports extends Map<string, JobReport> {
  /** Time or calls were spent before all was done: another run would have work at once. */
  isUnfinished = false;
}

interface Run {
  readonly jobs: readonly Job[];
  readonly holder: string;
  readonly reports: JobReports;
  readonly failures: unknown[];
}

/** How long a database has waited. */
interface Wait {
  store: StoreContext;
  /** When each job last began; 0: never. */
  startedMs: ReadonlyMap<string, number>;
  /** When the job that has waited longest last began. */
  sinceMs: number;
}

/**
 * Null if the database is being restored. Null, with a recorded failure, if it does not answer or
 * is the wrong one: the others go on.
 */
async function waitOf(store: StoreContext, { jobs, failures }: Run): Promise<Wait | null> {
  const { identity, jobs: table } = store.metadata;
  try {
    // The jobs would look for the shards of one database among those of another.
    if (store.databases) await identity.require();
    const rows = await table.list();
    if (rows.some(({ name, cursor }) => name === RESTORE_JOB && cursor !== null)) return null;
    const startedOf = ({ name }: Job) => rows.find((row) => row.name === name)?.startedMs ?? 0;
    const startedMs = new Map(jobs.map((job) => [job.name, startedOf(job)]));
    return { store, startedMs, sinceMs: Math.min(...startedMs.values()) };
  } catch (error) {
    if (store.databases === undefined) throw error;
    failures.push(new Error(`database ${identity.name}: ${String(error)}`, { cause: error }));
    return null;
  }
}

/** The jobs of one database, in their order, but the longest-waiting first. */
async function runIn(
  store: StoreContext,
  { jobs, holder, reports, failures }: Run,
  { prefix, startedMs, budget }: { prefix: string; startedMs: Wait["startedMs"]; budget: SharedBudget },
): Promise<void> {
  const sinceMs = ({ name }: Job) => startedMs.get(name) ?? 0;
  let round = [...jobs].sort((a, b) => sinceMs(a) - sinceMs(b));
  while (round.length > 0) {
    const unfinished: Job[] = [];
    for (const [index, job] of round.entries()) {
      if (budget.isSpent()) {
        reports.isUnfinished = true;
        break;
      }
      const share = budget.share(round.length - index);
      try {
        const result = await runLeased(store, job, holder, share);
        const name = prefix + job.name;
        if (result) reports.set(name, sum(reports.get(name), result.report));
        failures.push(...(result?.failures ?? []));
        if (result?.isUnfinished) unfinished.push(job);
      } catch (error) {
        failures.push(error);
      }
    }
    if (budget.isSpent() && unfinished.length > 0) reports.isUnfinished = true;
    round = budget.isSpent() ? [] : unfinished;
  }
}

/** The rest of a run, in time and in calls to drives. */
interface SharedBudget extends Budget {
  /** One of this many equal shares of it. */
  share(shares: number): SharedBudget;
}

function budgetOf(
  clock: Clock,
  counts: DriveCounts,
  { untilMs, calls, isEnded }: { untilMs: number; calls: number; isEnded: () => boolean },
): SharedBudget {
  const callsMade = () => counts.put + counts.get + counts.head + counts.list + counts.deletedKeys;
  const callsUntil = callsMade() + calls;
  return {
    untilMs,
    isSpent: () => isEnded() || clock.now() >= untilMs || callsMade() >= callsUntil,
    share: (shares) => {
      const nowMs = clock.now();
      const share = { untilMs: nowMs + (untilMs - nowMs) / shares, calls: (callsUntil - callsMade()) / shares };
      return budgetOf(clock, counts, { ...share, isEnded });
    },
  };
}

function sum(before: JobReport | undefined, report: JobReport): JobReport {
  const total: Record<string, number> = { ...before };
  for (const [what, count] of Object.entries(report)) total[what] = (total[what] ?? 0) + count;
  return total;
}

async function runLeased(store: StoreContext, job: Job, holder: string, budget: Budget): Promise<JobResult | null> {
  const { clock, metadata } = store;
  const untilMs = clock.now() + store.settings.runSeconds * 1000 + LEASE_MS;
  const leased = await metadata.jobs.lease(job.name, holder, clock.now(), untilMs);
  if (!leased) return null;
  try {
    const result = await job.run(store, budget, leased.cursor);
    const { failures = [], ...kept } = result;
    const nowMs = clock.now();
    if (failures.length === 0) await metadata.jobs.finish(job.name, holder, { nowMs, ...kept });
    else await metadata.jobs.fail(job.name, holder, { nowMs, failure: failures.map(String).join("; "), kept });
    return result;
  } catch (error) {
    // The lease would expire anyway: the original failure matters more.
    const failed = { nowMs: clock.now(), failure: String(error) };
    await metadata.jobs.fail(job.name, holder, failed).catch(() => {});
    throw error;
  }
}

/** True if no job found anything to do. */
export function isIdle(reports: ReadonlyMap<string, JobReport>): boolean {
  return [...reports.values()].every((report) => Object.values(report).every((count) => count === 0));
}
