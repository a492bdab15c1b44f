/** What a repeated job needs. */
export interface Schedule {
  intervalMs: number;
  /** The first run is now, not after one interval. */
  isDueAtOnce?: boolean;
  /** One run. A rejection is reported and the next run comes as if nothing had happened. */
  run: () => Promise<void>;
  onFailure: (error: unknown) => void;
}

/**
 * Runs a job at every interval. A run that takes longer than the interval is not
 * overtaken: the runs that would have begun meanwhile are left out. Returns what ends it.
 */
export function repeat({ intervalMs, isDueAtOnce = false, run, onFailure }: Schedule): () => void {
  let isRunning = false;
  const runOnce = () => {
    if (isRunning) return;
    isRunning = true;
    run()
      .catch(onFailure)
      .finally(() => {
        isRunning = false;
      });
  };
  if (isDueAtOnce) runOnce();
  const timer = setInterval(runOnce, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Runs follow each other no faster than this, however short a day is. */
const SHORT_INTERVAL_MS = 1_000;

/** How often the jobs run: as `SHERD_CRON_SECONDS` says, but four times in a day of lifecycle rules where that is shorter. */
export function jobsIntervalMs({
  cronSeconds,
  lifecycleDaySeconds,
}: {
  cronSeconds: number;
  lifecycleDaySeconds: number;
}): number {
  return Math.min(cronSeconds * 1000, Math.max(SHORT_INTERVAL_MS, lifecycleDaySeconds * 250));
}
