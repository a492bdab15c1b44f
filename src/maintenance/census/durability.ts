import { DriveError } from "../../drives/drive.ts";
import type { Backlog } from "../../metadata/blobs/census.ts";
import type { JobRow } from "../../metadata/jobs/jobs.ts";
import type { StoreContext } from "../../store/context.ts";
import { type GatheredJob, gather } from "../run/gather.ts";
import { RESTORE_JOB } from "../snapshots/restore.ts";
import type { SnapshotCursor } from "../snapshots/snapshot.ts";
import type { SnapshotSummary } from "../snapshots/snapshot-format.ts";
import type { Totals } from "./census.ts";

/** A walk over all blobs is not trusted for longer. */
const CENSUS_AGE_MS_MAX = 24 * 3600 * 1000;
/** A job that has not ended well for so long is stuck. */
const JOB_AGE_MS_MAX = 2 * 3600 * 1000;
/** How much longer ago than it should be the last snapshot may be: it may take many runs. */
const SNAPSHOT_DELAY_MS_MAX = 24 * 3600 * 1000;

export interface DriveHealth {
  name: string;
  domain: string;
  class: string;
  reachable: boolean;
  latencyMs: number;
  /** Why it is not reachable. */
  error: string | null;
  shards: number;
  bytes: number;
}

export interface JobHealth {
  name: string;
  finishedMs: number | null;
  failedMs: number | null;
  failure: string | null;
  report: Readonly<Record<string, number>> | null;
  stuck: boolean;
}

export interface DurabilityReport {
  /** Every blob is at full redundancy, every drive answers, and every job works. */
  green: boolean;
  /** One line that says so, or what is wrong. */
  headline: string;
  atMs: number;
  /** As large as D1 says. */
  databases: { name: string; sizeBytes: number }[];
  drives: DriveHealth[];
  /** From the last complete walk over all blobs; null before the first. */
  census: { atMs: number; totals: Totals } | null;
  backlog: Backlog;
  jobs: JobHealth[];
  /** Snapshots of the metadata on the drives, the oldest first. */
  snapshots: ({ database: string } & SnapshotSummary)[];
}

/** How redundant everything really is, as far as is known now: two round trips to each database and one small call to each drive. */
export async function durability(store: StoreContext): Promise<DurabilityReport> {
  const [gathered, probes] = await Promise.all([
    gather(store),
    Promise.all(store.drives.map((drive) => probe(store, drive))),
  ]);
  const { databases, census, backlog } = gathered;
  const atMs = store.clock.now();
  const drives = probes.map((probed) => ({ ...probed, ...(census?.totals.drives[probed.name] ?? NOTHING) }));
  const isOneOfSeveral = databases.length > 1;
  const health = gathered.jobs.filter(isNoRestore).map((job) => {
    const name = isOneOfSeveral ? `${job.database}/${job.name}` : job.name;
    return jobHealth({ ...job, name }, atMs);
  });
  const snapshots = gathered.jobs.flatMap(snapshotsOf);
  const troubles = [
    ...findTroubles({ atMs, drives, census, backlog, jobs: health }),
    ...gathered.jobs.flatMap((job) => findRestoreTroubles(store, job, atMs)),
  ];
  const headline = troubles.length === 0 ? "every blob is at full redundancy" : troubles.join("; ");
  return { green: troubles.length === 0, headline, atMs, databases, drives, census, backlog, jobs: health, snapshots };
}

const NOTHING = { shards: 0, bytes: 0 };
/** A key that no shard can have: the answer is "absent", and it costs next to nothing. */
const PROBE_KEY = "00000000000000000000000000-probe";

async function probe(store: StoreContext, drive: StoreContext["drives"][number]) {
  const { name, domain, class: takes } = drive;
  const beganMs = store.clock.now();
  let error: string | null = null;
  try {
    await drive.head(PROBE_KEY);
  } catch (failure) {
    if (!(failure instanceof DriveError)) throw failure;
    error = failure.message;
  }
  return { name, domain, class: takes, reachable: error === null, latencyMs: store.clock.now() - beganMs, error };
}

function jobHealth({ name, startedMs, finishedMs, failedMs, failure, report }: GatheredJob, nowMs: number): JobHealth {
  const sinceMs = finishedMs ?? startedMs;
  const stuck = sinceMs !== null && nowMs - sinceMs > JOB_AGE_MS_MAX;
  const failedLast = failedMs !== null && failedMs > (finishedMs ?? 0);
  return { name, finishedMs, failedMs, failure: failedLast ? failure : null, report, stuck };
}

type Known = Pick<DurabilityReport, "atMs" | "drives" | "census" | "backlog" | "jobs">;

/** Everything that keeps the report from being green, worst first. */
function findTroubles({ atMs, drives, census, backlog, jobs }: Known): string[] {
  const troubles: string[] = [];
  for (const [geometry, counts] of Object.entries(census?.totals.redundancy ?? {})) {
    const [k = 0, m = 0] = geometry.split("+").map(Number);
    const below = Object.entries(counts).filter(([good]) => Number(good) < k + m);
    const lost = below.filter(([good]) => Number(good) < k).reduce((sum, [, blobs]) => sum + blobs, 0);
    const degraded = below.reduce((sum, [, blobs]) => sum + blobs, 0) - lost;
    if (lost > 0) troubles.unshift(`${lost} blobs of geometry ${geometry} have fewer than ${k} good shards`);
    if (degraded > 0) troubles.push(`${degraded} blobs of geometry ${geometry} lack shards`);
  }
  if (backlog.damage.rows > 0) troubles.push(`${backlog.damage.rows} shards wait to be healed`);
  for (const { name, reachable, error } of drives)
    if (!reachable) troubles.push(`drive ${name} does not answer: ${error}`);
  const configured = new Set(drives.map(({ name }) => name));
  for (const name of Object.keys(census?.totals.drives ?? {})) {
    if (!configured.has(name)) troubles.push(`shards lie on drive ${name}, which is not configured`);
  }
  for (const { name, failure, stuck } of jobs) {
    if (failure !== null) troubles.push(`job ${name} failed: ${failure}`);
    else if (stuck) troubles.push(`job ${name} has not come to an end for two hours`);
  }
  if (!census) troubles.push("the blobs have not been counted yet");
  else if (atMs - census.atMs > CENSUS_AGE_MS_MAX) troubles.push("the blobs were last counted more than a day ago");
  return troubles;
}

/** Its row says how far a restore has come; it is no job that runs again and again. */
function isNoRestore({ name }: JobRow): boolean {
  return name !== RESTORE_JOB;
}

function snapshotsOf({ name, cursor, database }: GatheredJob): DurabilityReport["snapshots"] {
  const kept = name === "snapshot" ? ((cursor as SnapshotCursor | null)?.kept ?? []) : [];
  return kept.map((summary) => ({ database, ...summary }));
}

/** What stands in the way of a restore, or of its end. */
function findRestoreTroubles({ settings }: StoreContext, job: GatheredJob, atMs: number): string[] {
  if (job.name === RESTORE_JOB && job.cursor !== null) {
    return [`a restore of the metadata of ${job.database} has not come to its end`];
  }
  const last = snapshotsOf(job).at(-1);
  const ageMsMax = settings.snapshotSeconds * 1000 + SNAPSHOT_DELAY_MS_MAX;
  if (settings.snapshotSeconds === 0 || !last || atMs - last.beganMs <= ageMsMax) return [];
  const hours = Math.floor((atMs - last.beganMs) / 3_600_000);
  return [`the last snapshot of the metadata of ${job.database} is ${hours} hours old`];
}
