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
