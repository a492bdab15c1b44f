/** What a repeated job needs. */
export interface Schedule {
  intervalMs: number;
  /** One run. A rejection is reported and the next run comes as if nothing had happened. */
  run: () => Promise<void>;
  onFailure: (error: unknown) => void;
}

/**
 * Runs a job at every interval, the first time after one interval. A run that takes longer than the interval is not
 * overtaken: the runs that would have begun meanwhile are left out. Returns what ends it.
 */
export function repeat({ intervalMs, run, onFailure }: Schedule): () => void {
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    run()
      .catch(onFailure)
      .finally(() => {
        isRunning = false;
      });
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
