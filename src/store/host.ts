import type { Space, SpaceGauge } from "./space.ts";

/**
 * Facts from the machine of a server of `npm start`. Absent on Cloudflare, where drives and D1 have
 * no disk that could be full or unmounted.
 */
export interface Host extends SpaceGauge {
  /** A few seconds old at most; null if it is not available now. Never rejects. */
  state(): Promise<HostState | null>;
  /** Last result of `state`. */
  known(): HostState | null;
  /**
   * Counters of all processes together, and gauges of the machine; null if they are not available
   * now. Never rejects.
   */
  metrics(): Promise<unknown[] | null>;
  /**
   * The last failed or refused requests of all processes; null if they are not available now. Never
   * rejects.
   */
  errors(): Promise<unknown[] | null>;
  /**
   * Asks for the process that runs background jobs until no work is left; see
   * `HostState.hasJobsProcess`. Never rejects.
   */
  startJobs(): Promise<void>;
}

export interface HostState {
  atMs: number;
  /** Free bytes that each disk keeps: with less, nothing new is written to it. */
  reserveBytes: number;
  metadata: { freeBytes: number | null; totalBytes: number | null };
  /** By name of the drive; without drives that are no folders of this machine. */
  drives: Readonly<Record<string, HostDrive>>;
  /** Whether long background jobs have a process of their own. */
  hasJobsProcess: boolean;
  /** Whether that process is running: it does everything that a run does. */
  isJobsProcessRunning?: boolean;
}

/** A folder of this machine that is a drive. */
export interface HostDrive {
  /** `null`: nothing is wrong. */
  trouble: "missing" | "not-mounted" | "not-a-folder" | "unreadable" | "read-only" | "full" | null;
  /** The problem and its remedy; empty if there is none. */
  advice: string;
  freeBytes: number | null;
  totalBytes: number | null;
  /** How many drives share these bytes, itself included. */
  sharedBy: number;
}

const STATE_AGE_MS_MAX = 2_000;
const ANSWER_MS_MAX = 1_000;

/** The binding HOST of `npm start`; undefined if there is none. */
export function openHost(binding: unknown, nowMs: () => number): Host | undefined {
  if (!isService(binding)) return undefined;
  const ask = async <Answer>(path: string): Promise<Answer | null> => {
    try {
      const response = await binding.fetch(`http://host${path}`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      if (response.status === 200) return await response.json<Answer>();
      await response.body?.cancel();
    } catch {
      // A launcher that does not answer is about to end, or will be asked again.
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

/** The known disks, that of the metadata last. */
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
