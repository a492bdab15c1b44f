/** Options of a repeated job. */
export interface Schedule {
  intervalMs: number;
  /** Whether the first run is now, rather than after one interval. */
  isDueAtOnce?: boolean;
  /** One run. A rejection is reported, and the next run comes as usual. */
  run: () => Promise<void>;
  onFailure: (error: unknown) => void;
}

/**
 * Runs a job at every interval. Runs that would begin during another one are skipped. Returns a
 * function that ends it.
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

/** Shortest interval of runs, however short a day is. */
const SHORT_INTERVAL_MS = 1_000;

/**
 * Interval of the jobs: `SHERD_CRON_SECONDS`, or a quarter of a day of lifecycle rules if that is
 * shorter.
 */
export function jobsIntervalMs({
  cronSeconds,
  lifecycleDaySeconds,
}: {
  cronSeconds: number;
  lifecycleDaySeconds: number;
}): number {
  return Math.min(cronSeconds * 1000, Math.max(SHORT_INTERVAL_MS, lifecycleDaySeconds * 250));
}
