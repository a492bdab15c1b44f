import type { DriveState } from "../../drives/drive-state.ts";
import { examineDrive } from "../../drives/examine.ts";
import type { DriveRow } from "../../metadata/drives/drives.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Host } from "../../store/host.ts";
import type { Space } from "../../store/space.ts";
import { type Gathered, type GatheredJob, gather } from "../run/gather.ts";
import { RESTORE_JOB } from "../snapshots/restore.ts";
import { sentenceOf } from "../watch/sentences.ts";
import { expectedMarker, type WatchCursor } from "../watch/watch.ts";
import { evidenceOf } from "./evidence.ts";
import { type DriveHealth, type DurabilityReport, heldUntilMs, type JobHealth, snapshotsOf } from "./report.ts";
import { findTroubles } from "./troubles.ts";

/** A job is stuck if its last success is older than this. */
const JOB_AGE_MS_MAX = 2 * 3600 * 1000;

export type * from "./report.ts";

/**
 * The real redundancy of everything, as far as it is known now: six round trips to each database
 * and one small call to each drive, which reads its marker. Green is a claim that rests on
 * `evidence`; what is not known is not green.
 */
export async function durability(store: StoreContext): Promise<DurabilityReport> {
  const [gathered, spaces] = await Promise.all([gather(store), store.space?.measure() ?? []]);
  const drives = await Promise.all(allDrives(store).map((drive) => driveHealth(store, drive, { gathered, spaces })));
  const { databases, census, backlog } = gathered;
  const atMs = store.clock.now();
  const isOneOfSeveral = databases.length > 1;
  const jobs = gathered.jobs.filter(isNoRestore).map((job) => {
    const name = isOneOfSeveral ? `${job.database}/${job.name}` : job.name;
    return jobHealth({ ...job, name }, atMs);
  });
  const metadataSpace = spaces.find(({ name }) => name === "metadata") ?? null;
  const evidence = evidenceOf(store, { gathered, drives, atMs });
  const known = { atMs, drives, census, backlog, jobs, evidence, spaces, gathered };
  const troubles = findTroubles(store, known);
  const light = troubles.some((trouble) => trouble.light === "red") ? "red" : troubles.length > 0 ? "yellow" : "green";
  return {
    green: light === "green",
    light,
    headline:
      troubles.length === 0 ? "every blob is at full redundancy" : troubles.map(({ sentence }) => sentence).join("; "),
    troubles,
    atMs,
    evidence,
    databases,
    metadataSpace,
    drives,
    census,
    backlog,
    jobs,
    lifecycle: { ...gathered.lifecycle, heldUntilMs: heldUntilMs(gathered.jobs) },
    snapshots: gathered.jobs.flatMap(snapshotsOf),
  };
}

/** The drives as the first database sees them: markers are outside of the other databases' keys. */
function allDrives(store: StoreContext): StoreContext["drives"] {
  return (allStores(store)[0] ?? store).drives;
}

const NOTHING = { shards: 0, bytes: 0 };

/**
 * The host's view of the drive's folder: without it, nothing would notice a read-only folder before
 * the next write.
 */
function folderTrouble(name: string, host: Host | undefined): string | null {
  const folder = host?.known()?.drives[name];
  return folder && folder.trouble !== null ? `drive ${name} is ${folder.trouble}: ${folder.advice}` : null;
}

async function driveHealth(
  { clock, host }: StoreContext,
  drive: StoreContext["drives"][number],
  { gathered, spaces }: { gathered: Gathered; spaces: readonly Space[] },
): Promise<DriveHealth> {
  const { known, jobs, census, losses } = gathered;
  const row = known.drives.find(({ name }) => name === drive.name) ?? null;
  const beganMs = clock.now();
  const found = await examineDrive(drive, { store: known.store, expected: expectedMarker(row), clock });
  const latencyMs = clock.now() - beganMs;
  const watched = jobs.find(({ name }) => name === "watch")?.cursor as WatchCursor | null | undefined;
  const isUnseen = found.kind === "blank" || known.store === null || (found.kind === "newer" && !row);
  const state: DriveState = isUnseen && found.kind !== "unreachable" ? "unseen" : (found.kind as DriveState);
  const sentence = state === "unseen" ? unseen(drive.name) : (sentenceOf(drive.name, found) ?? leftOver(row));
  return {
    name: drive.name,
    domain: drive.domain,
    class: drive.class,
    state,
    sentence: folderTrouble(drive.name, host) ?? sentence,
    seenMs: watched?.seenMs[drive.name] ?? null,
    generation: row && row.generation > 0 ? row.generation : null,
    reachable: found.kind !== "unreachable",
    latencyMs,
    error: found.kind === "unreachable" ? found.reason : null,
    ...(census?.totals.drives[drive.name] ?? NOTHING),
    losses: losses
      .filter((loss) => loss.drive === drive.name)
      .map(({ cause, noticedMs, queuedMs, notedShards }) => ({
        cause,
        noticedMs,
        isQueued: queuedMs !== null,
        notedShards,
      })),
    space: spaces.find(({ name }) => name === drive.name) ?? null,
  };
}

function unseen(drive: string): string {
  return `drive ${drive} has not been looked at yet: the background jobs have not run`;
}

/** It is the right one now, but the jobs last found something else: the next run corrects that. */
function leftOver(row: DriveRow | null): string | null {
  return row === null || row.state === "ours"
    ? null
    : `drive ${row.name} is back: the background jobs have not seen it yet`;
}

function jobHealth({ name, startedMs, finishedMs, failedMs, failure, report }: GatheredJob, nowMs: number): JobHealth {
  const sinceMs = finishedMs ?? startedMs;
  const stuck = sinceMs !== null && nowMs - sinceMs > JOB_AGE_MS_MAX;
  const failedLast = failedMs !== null && failedMs > (finishedMs ?? 0);
  return { name, finishedMs, failedMs, failure: failedLast ? failure : null, report, stuck };
}

/** Its row records the progress of a restore; it is no repeated job. */
function isNoRestore({ name }: { name: string }): boolean {
  return name !== RESTORE_JOB;
}
