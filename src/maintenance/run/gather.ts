import type { Backlog } from "../../metadata/blobs/census.ts";
import type { DriveRow } from "../../metadata/drives/drives.ts";
import type { DriveLoss } from "../../metadata/drives/losses.ts";
import type { JobRow } from "../../metadata/jobs/jobs.ts";
import type { LifecycleBacklog } from "../../metadata/lifecycle/lifecycles.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import type { CensusCursor, Totals } from "../census/census.ts";

export interface GatheredJob extends JobRow {
  /** Whose job it is. */
  database: string;
}

/** State of background work, from all databases together. */
export interface Gathered {
  databases: { name: string; sizeBytes: number }[];
  backlog: Backlog;
  jobs: GatheredJob[];
  /**
   * Sums of each database's last complete walk over its blobs, with the time of the oldest; null if
   * a database has none yet.
   */
  census: { atMs: number; totals: Totals } | null;
  /** Blobs in the healers' queues by their good shards beyond the k that are needed. */
  ailing: Record<string, number>;
  /** Losses of drives that are not healed yet. */
  losses: DriveLoss[];
  /** How late the walks of lifecycles are. */
  lifecycle: LifecycleBacklog;
  /**
   * The store's id, and the last known state of the drives; the first database has them for all.
   */
  known: { store: string | null; drives: DriveRow[] };
}

/** Six round trips to each database, side by side. */
export async function gather(store: StoreContext): Promise<Gathered> {
  const each = await Promise.all(
    allStores(store).map(async ({ metadata, clock }) => {
      const [backlog, rows, ailing, losses, known, lifecycle] = await Promise.all([
        metadata.census.backlog(),
        metadata.jobs.list(),
        metadata.census.ailing(),
        metadata.losses.open(),
        metadata.drives.look(),
        metadata.lifecycles.backlog(clock.now()),
      ]);
      const { name, knownSizeBytes } = metadata.identity;
      const jobs = rows.map((row) => ({ ...row, database: name }));
      return {
        database: { name, sizeBytes: knownSizeBytes },
        backlog,
        jobs,
        census: completeCensus(rows),
        ailing,
        losses,
        known,
        lifecycle,
      };
    }),
  );
  return {
    databases: each.map(({ database }) => database),
    backlog: each.map(({ backlog }) => backlog).reduce(sumOfBacklogs),
    jobs: each.flatMap(({ jobs }) => jobs),
    census: each.map(({ census }) => census).reduce(sumOfCensuses),
    ailing: each.map(({ ailing }) => ailing).reduce(sumOfCounts),
    losses: each.flatMap(({ losses }) => losses),
    lifecycle: each.map(({ lifecycle }) => lifecycle).reduce(sumOfLifecycles),
    known: (each[0] as (typeof each)[number]).known,
  };
}

function completeCensus(jobs: readonly JobRow[]): Gathered["census"] {
  return (jobs.find(({ name }) => name === "census")?.cursor as CensusCursor | null)?.complete ?? null;
}

function sumOfBacklogs(a: Backlog, b: Backlog): Backlog {
  const kinds = Object.keys(a) as (keyof Backlog)[];
  const sums = kinds.map((kind) => [
    kind,
    { rows: a[kind].rows + b[kind].rows, oldestMs: earlier(a[kind].oldestMs, b[kind].oldestMs) },
  ]);
  return Object.fromEntries(sums) as Backlog;
}

function sumOfLifecycles(a: LifecycleBacklog, b: LifecycleBacklog): LifecycleBacklog {
  return { buckets: a.buckets + b.buckets, due: a.due + b.due, oldestMs: earlier(a.oldestMs, b.oldestMs) };
}

function sumOfCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sums = { ...a };
  for (const [what, count] of Object.entries(b)) sums[what] = (sums[what] ?? 0) + count;
  return sums;
}

function sumOfCensuses(a: Gathered["census"], b: Gathered["census"]): Gathered["census"] {
  if (!a || !b) return null;
  const totals: Totals = {
    blobs: a.totals.blobs + b.totals.blobs,
    bytes: a.totals.bytes + b.totals.bytes,
    drives: structuredClone(a.totals.drives),
    redundancy: structuredClone(a.totals.redundancy),
    neverVerified: a.totals.neverVerified + b.totals.neverVerified,
    oldestVerifiedMs: earlier(a.totals.oldestVerifiedMs, b.totals.oldestVerifiedMs),
    oldestSeenMs: earlier(a.totals.oldestSeenMs ?? null, b.totals.oldestSeenMs ?? null),
  };
  for (const [drive, { shards, bytes }] of Object.entries(b.totals.drives)) {
    const before = totals.drives[drive] ?? { shards: 0, bytes: 0 };
    totals.drives[drive] = { shards: before.shards + shards, bytes: before.bytes + bytes };
  }
  for (const [geometry, counts] of Object.entries(b.totals.redundancy)) {
    const sums = totals.redundancy[geometry] ?? {};
    for (const [good, blobs] of Object.entries(counts)) sums[good] = (sums[good] ?? 0) + blobs;
    totals.redundancy[geometry] = sums;
  }
  return { atMs: Math.min(a.atMs, b.atMs), totals };
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
