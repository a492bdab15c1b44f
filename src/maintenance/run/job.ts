import type { StoreContext } from "../../store/context.ts";

/** How much one run may do, so that it ends within what the platform gives a cron trigger. */
export interface Budget {
  /** Nothing further is begun after this time. */
  readonly untilMs: number;
  /** True once the time is over. */
  isSpent(): boolean;
}

/** What a run did, by name; it goes to the job's row and to the log. */
export type JobReport = Readonly<Record<string, number>>;

export interface JobResult {
  report: JobReport;
  /** Where the next run goes on; null: from the start. */
  cursor: unknown;
  /** It stopped because its time was over, and would go on at once. */
  isUnfinished?: boolean;
  /** What failed while the rest went on. The run counts as failed, and what it did and where it goes on is kept. */
  failures?: readonly unknown[];
}

/**
 * A piece of background work. A run may stop anywhere, be repeated, and (if its lease ran out) overlap with another run of the
 * same job: each of its steps is idempotent. What it leaves undone, the next run finds.
 */
export interface Job {
  readonly name: string;
  /** `cursor` is what the last run that ended well gave, or null. */
  run(store: StoreContext, budget: Budget, cursor: unknown): Promise<JobResult>;
}
