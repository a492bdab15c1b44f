/** Bounds of the time after which another shard is asked besides a slow one. */
const HEDGE_MS_MIN = 50;
const HEDGE_MS_MAX = 3_000;
/** Before anything is known of a drive. */
const HEDGE_MS_INITIAL = 1_000;

/** For how long a drive that let a reader wait, or was out of reach, is asked only where there is no other. */
const SUSPECT_MS = 10_000;

interface Estimate {
  meanMs: number;
  deviationMs: number;
}

/**
 * How long each drive's frames take, as a running mean and mean deviation (the estimator of TCP's retransmission timer, RFC
 * 6298). One an isolate; holds one entry a drive.
 */
export class DriveLatency {
  readonly #estimates = new Map<string, Estimate>();
  readonly #suspectUntilMs = new Map<string, number>();

  observe(drive: string, ms: number): void {
    const estimate = this.#estimates.get(drive);
    if (!estimate) {
      this.#estimates.set(drive, { meanMs: ms, deviationMs: ms / 2 });
      return;
    }
    estimate.deviationMs += (Math.abs(ms - estimate.meanMs) - estimate.deviationMs) / 4;
    estimate.meanMs += (ms - estimate.meanMs) / 8;
  }

  /**
   * A frame of the drive is overdue, or out of reach. Suspicion ends by itself: a request that waits for the frame may be dropped and never tell
   * that it came.
   */
  suspect(drive: string, nowMs: number): void {
    this.#suspectUntilMs.set(drive, nowMs + SUSPECT_MS);
  }

  /** A frame of the drive came. */
  trust(drive: string): void {
    this.#suspectUntilMs.delete(drive);
  }

  isSuspect(drive: string, nowMs: number): boolean {
    return nowMs < (this.#suspectUntilMs.get(drive) ?? 0);
  }

  /** After this many milliseconds a frame of the drive is late. */
  hedgeMs(drive: string): number {
    const estimate = this.#estimates.get(drive);
    if (!estimate) return HEDGE_MS_INITIAL;
    return Math.min(HEDGE_MS_MAX, Math.max(HEDGE_MS_MIN, estimate.meanMs + 4 * estimate.deviationMs));
  }
}
