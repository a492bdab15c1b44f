/** Where a job works: the server it talks to and a scratch folder of its own. */
export interface Stage {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** A folder for this client's files; removed after the run. */
  readonly folder: string;
  /** True where the run started the server itself, so that it may also kill servers and take drives away. */
  readonly ownServer: boolean;
}

export type JobResult = { readonly job: string; readonly ms: number } & (
  | { readonly status: "ok"; readonly note?: string }
  | { readonly status: "failed"; readonly output: string }
  | { readonly status: "skipped"; readonly why: string }
);

/** A client that is here (`run` drives it) or cannot be had (`why`, in words for the summary). */
export type Availability =
  | { readonly ready: true; readonly version: string }
  | { readonly ready: false; readonly why: string };

export interface Client {
  readonly name: string;
  /** With CI=true a skip of a required client is a failure. */
  readonly required: boolean;
  /** Takes minutes: runs only if `--only` names it. */
  readonly slow?: true;
  /** Its preparation installs packages into the Python environment that clients share (`installPython`). */
  readonly sharesPython?: true;
  prepare(): Promise<Availability>;
  run(stage: Stage, report: (result: JobResult) => void): Promise<void>;
}

/** One named piece of work; it throws on failure and may return a remark that is printed after `ok`. */
export interface Job {
  readonly name: string;
  run(stage: Stage): Promise<string | undefined> | Promise<void>;
}

/** Thrown by a job that cannot be done here; the message says why. */
export class Skip extends Error {}

/** Runs jobs one after the other, each reported whatever becomes of the ones before it. */
export function runJobs(jobs: readonly Job[]): Client["run"] {
  return async (stage, report) => {
    for (const { name, run } of jobs) report(await resultOf(name, () => run(stage)));
  };
}

async function resultOf(job: string, work: () => Promise<string | undefined> | Promise<void>): Promise<JobResult> {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  try {
    const note = await work();
    return note === undefined ? { job, status: "ok", ms: ms() } : { job, status: "ok", note, ms: ms() };
  } catch (error) {
    if (error instanceof Skip) return { job, status: "skipped", why: error.message, ms: ms() };
    return {
      job,
      status: "failed",
      output: error instanceof Error ? (error.stack ?? error.message) : String(error),
      ms: ms(),
    };
  }
}
