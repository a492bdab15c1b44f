import type { Space, SpaceGauge } from "./space.ts";

/**
 * What the machine under a server of `npm start` says of itself. Absent on Cloudflare, where drives and D1 have no disk that
 * could be full or not mounted.
 */
export interface Host extends SpaceGauge {
  /** A few seconds old at most; null where it cannot be had now. Never rejects. */
  state(): Promise<HostState | null>;
  /** What `state` said last. */
  known(): HostState | null;
  /** Counters of all processes together, and gauges of the machine; null where they cannot be had now. Never rejects. */
  metrics(): Promise<unknown[] | null>;
  /** The last requests of all processes that failed or were refused; null where they cannot be had now. Never rejects. */
  errors(): Promise<unknown[] | null>;
  /** Asks for the process that runs background jobs until nothing is left; see `HostState.hasJobsProcess`. Never rejects. */
  startJobs(): Promise<void>;
}

export interface HostState {
  atMs: number;
  /** Free bytes that a disk keeps: below, nothing new is written to it. */
  reserveBytes: number;
  metadata: { freeBytes: number | null; totalBytes: number | null };
  /** By name of the drive; those that are no folders of this machine are not in it. */
  drives: Readonly<Record<string, HostDrive>>;
  /** Whether background jobs that take long have a process of their own. */
  hasJobsProcess: boolean;
  /** Whether it runs now: it does all that a run does. */
  isJobsProcessRunning?: boolean;
}

/** A folder of this machine that is a drive. */
export interface HostDrive {
  /** `null`: nothing is wrong. */
  trouble: "missing" | "not-mounted" | "not-a-folder" | "unreadable" | "read-only" | "full" | null;
  /** What is wrong and what to do; empty where nothing is wrong. */
  advice: string;
  freeBytes: number | null;
  totalBytes: number | null;
  /** How many drives share these bytes, itself included. */
  sharedBy: number;
}

const STATE_AGE_MS_MAX = 2_000;
const ANSWER_MS_MAX = 1_000;

/** The binding HOST of `npm start`; undefined where there is none. */
export function openHost(binding: unknown, nowMs: () => number): Host | undefined {
  if (!isService(binding)) return undefined;
  const ask = async <Answer>(path: string): Promise<Answer | null> => {
    try {
      const response = await binding.fetch(`http://host${path}`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      if (response.status === 200) return await response.json<Answer>();
      await response.body?.cancel();
    } catch {
      // A launcher that does not answer is about to end, or to be asked again.
    }
    return null;
  };
  let known: { state: HostState; untilMs: number } | null = null;
  const state = async () => {
    if (known && nowMs() < known.untilMs) return known.state;
    const answer = await ask<HostState>("/state");
    known = answer && { state: answer, untilMs: nowMs() + STATE_AGE_MS_MAX };
    return answer;
  };
  return {
    state,
    known: () => known?.state ?? null,
    metrics: () => ask<unknown[]>("/metrics"),
    errors: () => ask<unknown[]>("/errors"),
    startJobs: async () => void (await ask("/jobs")),
    measure: async () => spacesOf(await state()),
  };
}

/** What of it is known of disks, that of the metadata last. */
export function spacesOf(state: HostState | null): Space[] {
  if (!state) return [];
  const { reserveBytes } = state;
  return [...Object.entries(state.drives), ["metadata", state.metadata] as const].flatMap(
    ([name, { freeBytes, totalBytes }]) =>
      freeBytes === null || totalBytes === null ? [] : [{ name, freeBytes, totalBytes, reserveBytes }],
  );
}

function isService(binding: unknown): binding is Pick<Fetcher, "fetch"> {
  return typeof (binding as { fetch?: unknown } | undefined)?.fetch === "function";
}
