import type { StoreContext } from "../../store/context.ts";

/** Limits of one run, so that it ends within the platform's time for a cron trigger. */
export interface Budget {
  /** Nothing further is begun after this time. */
  readonly untilMs: number;
  /** True once the time is over. */
  isSpent(): boolean;
}

/** Results of a run, by name, for the job's row and the log. */
export type JobReport = Readonly<Record<string, number>>;

export interface JobResult {
  report: JobReport;
  /** Where the next run continues; null: from the start. */
  cursor: unknown;
  /** It stopped because its time was over, and has work left. */
  isUnfinished?: boolean;
  /**
   * Failures while the rest went on. The run counts as failed; its results and its cursor are kept.
   */
  failures?: readonly unknown[];
}

/**
 * A piece of background work. A run may stop anywhere, be repeated, and (if its lease ran out)
 * overlap with another run of the same job: each of its steps is idempotent. The next run finds the
 * unfinished work.
 */
export interface Job {
  readonly name: string;
  /** `cursor` is from the last successful run, or null. */
  run(store: StoreContext, budget: Budget, cursor: unknown): Promise<JobResult>;
}
