import type { Clock } from "../base/clock.ts";
import type { Drive } from "../drives/drive.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { StoreSettings } from "../store/settings.ts";

export interface MaintenanceContext {
  readonly metadata: Metadata;
  readonly drives: readonly Drive[];
  readonly clock: Clock;
  readonly settings: StoreSettings;
}

/** How much one run may do, so that it ends within what the platform gives a cron trigger. */
export interface Budget {
  /** No new batch is begun after this time. */
  readonly untilMs: number;
}

/** What a run did, by name; it goes to the log. */
export type JobReport = Readonly<Record<string, number>>;

/**
 * A piece of background work. A run may stop anywhere, be repeated, and overlap with another run of the same job: each of its
 * steps is idempotent. What it leaves undone, the next run finds.
 */
export interface Job {
  readonly name: string;
  run(context: MaintenanceContext, budget: Budget): Promise<JobReport>;
}
