import type { StoreContext } from "../../store/context.ts";
import type { Gathered } from "../run/gather.ts";
import { JOB_NAMES } from "../run/run-jobs.ts";
import type { DriveHealth, Evidence } from "./report.ts";

/** A walk over all blobs counts for this long. */
const CENSUS_SECONDS_MAX = 24 * 3600;
/** A shard waits for its turn in the next cycle, and the scrub may be late. */
const SCRUB_DELAY_SECONDS_MAX = 24 * 3600;
/** After this time every job has had its turn. */
const JOBS_SECONDS_MAX = 2 * 3600;

/** The basis of a green light: what was checked, and its oldest time. */
export function evidenceOf(
  { settings }: StoreContext,
  { gathered, drives, atMs }: { gathered: Gathered; drives: readonly DriveHealth[]; atMs: number },
): Evidence[] {
  const { census, jobs, databases } = gathered;
  const jobTimes = databases.flatMap(({ name: database }) =>
    JOB_NAMES.map((name) => jobs.find((job) => job.name === name && job.database === database)?.finishedMs ?? null),
  );
  return [
    {
      what: "identity of drives",
      atMs: oldest(drives.map(({ seenMs }) => seenMs)),
      ageSecondsMax: 2 * settings.cronSeconds,
    },
    { what: "census", atMs: census?.atMs ?? null, ageSecondsMax: CENSUS_SECONDS_MAX },
    {
      what: "scrub",
      // A store without a blob has nothing to verify.
      atMs: census === null ? null : (census.totals.oldestSeenMs ?? (census.totals.blobs === 0 ? atMs : null)),
      ageSecondsMax: 2 * settings.scrubCycleSeconds + SCRUB_DELAY_SECONDS_MAX,
    },
    { what: "jobs", atMs: oldest(jobTimes), ageSecondsMax: JOBS_SECONDS_MAX },
  ];
}

/** Null if any of them was never checked. */
function oldest(times: readonly (number | null)[]): number | null {
  return times.reduce((a, b) => (a === null || b === null ? null : Math.min(a, b)), times[0] ?? null);
}
