import type { StoreContext } from "../../store/context.ts";
import { drivesOfClass } from "../../store/placement/placement.ts";
import { isFull, isTight, type Space } from "../../store/space.ts";
import type { Gathered, GatheredJob } from "../run/gather.ts";
import { JOB_NAMES } from "../run/run-jobs.ts";
import { RESTORE_JOB } from "../snapshots/restore.ts";
import { type DurabilityReport, type Evidence, heldUntilMs, snapshotsOf, type Trouble } from "./report.ts";

/** How late the last snapshot may be: it may take many runs. */
const SNAPSHOT_DELAY_MS_MAX = 24 * 3600 * 1000;

interface Known extends Pick<DurabilityReport, "atMs" | "drives" | "census" | "backlog" | "jobs" | "evidence"> {
  spaces: readonly Space[];
  gathered: Gathered;
}

/** Every reason why the report is not green, worst first. */
export function findTroubles(store: StoreContext, known: Known): Trouble[] {
  const troubles = [
    ...blobTroubles(known),
    ...driveTroubles(store, known),
    ...spaceTroubles(known.spaces),
    ...jobTroubles(known),
    ...lifecycleTroubles(known),
    ...known.evidence.flatMap((evidence) => staleness(store, known, evidence)),
    ...known.gathered.jobs.flatMap((job) => restoreTroubles(store, job, known.atMs)),
  ];
  // The order within each light stays.
  return [...troubles.filter(({ light }) => light === "red"), ...troubles.filter(({ light }) => light === "yellow")];
}

const red = (sentence: string): Trouble => ({ light: "red", sentence });
const yellow = (sentence: string): Trouble => ({ light: "yellow", sentence });

function blobTroubles({ census, backlog, gathered }: Known): Trouble[] {
  const troubles: Trouble[] = [];
  for (const [geometry, counts] of Object.entries(census?.totals.redundancy ?? {})) {
    const [k = 0, m = 0] = geometry.split("+").map(Number);
    const below = Object.entries(counts).filter(([good]) => Number(good) < k + m);
    const lost = below.filter(([good]) => Number(good) < k).reduce((sum, [, blobs]) => sum + blobs, 0);
    const degraded = below.reduce((sum, [, blobs]) => sum + blobs, 0) - lost;
    if (lost > 0) troubles.unshift(red(`${lost} blobs of geometry ${geometry} have fewer than ${k} good shards`));
    if (degraded > 0) troubles.push(yellow(`${degraded} blobs of geometry ${geometry} lack shards`));
  }
  const { "-1": lost = 0, "0": bare = 0 } = gathered.ailing;
  if (lost > 0) {
    troubles.unshift(red(`${lost} blobs cannot be read as far as is known: bring back the drives that are missing`));
  }
  if (bare > 0) troubles.push(red(`${bare} blobs would not survive one more loss: they are healed first`));
  if (backlog.damage.rows > 0) troubles.push(yellow(`${backlog.damage.rows} shards wait to be healed`));
  return troubles;
}

function driveTroubles({ settings }: StoreContext, { drives, census }: Known): Trouble[] {
  const away = drives.filter(({ state }) => state !== "ours" && state !== "unseen" && state !== "newer");
  // By storage class, because classes may have drives of their own.
  const beyond = Object.entries(settings.storageClasses).filter(([name, { m }]) => {
    const lost = drivesOfClass({ drives: away, settings }, name);
    return lost.length > Math.min(m, settings.smallGeometry.m);
  });
  const isRed = (drive: { name: string }) =>
    beyond.some(([name]) => drivesOfClass({ drives: [drive], settings }, name).length > 0);
  const troubles = drives.flatMap(({ sentence, losses, name }): Trouble[] => {
    if (sentence !== null) return [isRed({ name }) ? red(sentence) : yellow(sentence)];
    const open = losses.filter(({ isQueued }) => !isQueued).length;
    if (open > 0) return [yellow(`what drive ${name} lacks is being queued for healing`)];
    return losses.length > 0 ? [yellow(`what drive ${name} lacked is being healed`)] : [];
  });
  const configured = new Set(drives.map(({ name }) => name));
  for (const name of Object.keys(census?.totals.drives ?? {})) {
    if (!configured.has(name)) troubles.push(yellow(`shards lie on drive ${name}, which is not configured`));
  }
  return troubles;
}

function spaceTroubles(spaces: readonly Space[]): Trouble[] {
  return spaces.flatMap((space): Trouble[] => {
    const what = space.name === "metadata" ? "the disk of the metadata" : `the disk of drive ${space.name}`;
    const left = `${Math.floor(space.freeBytes / 1024 ** 2)} MiB are left on ${what}`;
    if (isFull(space)) return [red(`${left}, less than the reserve: writes are refused until objects are deleted`)];
    return isTight(space) ? [yellow(`${left}: delete objects, or give it a larger disk`)] : [];
  });
}

function jobTroubles({ jobs }: Known): Trouble[] {
  return jobs.flatMap(({ name, failure, stuck }): Trouble[] => {
    if (failure !== null) return [yellow(`job ${name} failed: ${failure}`)];
    return stuck ? [yellow(`job ${name} has not come to an end for two hours`)] : [];
  });
}

/** What is due must be gone within the hour. */
const LIFECYCLE_DELAY_MS_MAX = 3600 * 1000;

function lifecycleTroubles({ atMs, gathered }: Known): Trouble[] {
  const { buckets, due, oldestMs } = gathered.lifecycle;
  if (buckets === 0) return [];
  const untilMs = heldUntilMs(gathered.jobs);
  if (untilMs !== null) {
    return [
      yellow(`lifecycle removes nothing until ${new Date(untilMs).toISOString()}: the clock jumped, or nothing ran`),
    ];
  }
  if (oldestMs === null || atMs - oldestMs <= LIFECYCLE_DELAY_MS_MAX) return [];
  const minutes = Math.floor((atMs - oldestMs) / 60_000);
  return [yellow(`lifecycle is ${minutes} minutes late in ${due} buckets`)];
}

/** Facts that the page cannot know because nothing has checked them for too long. */
function staleness(store: StoreContext, known: Known, { what, atMs, ageSecondsMax }: Evidence): Trouble[] {
  const isFresh = atMs !== null && known.atMs - atMs <= ageSecondsMax * 1000;
  switch (what) {
    case "identity of drives": {
      // Drives in trouble have sentences of their own.
      const stale = known.drives.filter(
        ({ sentence, seenMs }) => sentence === null && (seenMs === null || known.atMs - seenMs > ageSecondsMax * 1000),
      );
      if (stale.length === 0) return [];
      const names = stale.map(({ name }) => name).join(", ");
      return [
        yellow(
          `the identity of ${names} was not seen for ${ageSecondsMax} seconds: see whether the background jobs run`,
        ),
      ];
    }
    case "census":
      if (atMs === null) return [yellow("the blobs have not been counted yet")];
      return isFresh ? [] : [yellow("the blobs were last counted more than a day ago")];
    case "scrub":
      if (store.settings.scrubBytesPerRun === 0) {
        return [yellow("the scrub is switched off, so nobody would notice damage: set SHERD_SCRUB_BYTES_PER_RUN")];
      }
      if (isFresh || known.census === null) return [];
      return [
        yellow("there are shards that were not verified for two cycles of the scrub: raise SHERD_SCRUB_BYTES_PER_RUN"),
      ];
    case "jobs": {
      if (atMs !== null) return [];
      const ran = new Set(known.gathered.jobs.filter(({ finishedMs }) => finishedMs !== null).map(({ name }) => name));
      const never = JOB_NAMES.filter((name) => !ran.has(name)).join(", ");
      return [yellow(`background jobs have not run yet in every database: ${never === "" ? "wait for them" : never}`)];
    }
  }
}

/** Obstacles to a restore, or to its completion. */
function restoreTroubles({ settings }: StoreContext, job: GatheredJob, atMs: number): Trouble[] {
  if (job.name === RESTORE_JOB && job.cursor !== null) {
    return [red(`a restore of the metadata of ${job.database} has not come to its end`)];
  }
  const last = snapshotsOf(job).at(-1);
  const ageMsMax = settings.snapshotSeconds * 1000 + SNAPSHOT_DELAY_MS_MAX;
  if (settings.snapshotSeconds === 0 || !last || atMs - last.beganMs <= ageMsMax) return [];
  const hours = Math.floor((atMs - last.beganMs) / 3_600_000);
  return [yellow(`the last snapshot of the metadata of ${job.database} is ${hours} hours old`)];
}
