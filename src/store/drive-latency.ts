/** Bounds of the time after which another shard is asked besides a slow one. */
const HEDGE_MS_MIN = 50;
const HEDGE_MS_MAX = 3_000;
/** Before anything is known of a drive. */
const HEDGE_MS_INITIAL = 1_000;

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

  observe(drive: string, ms: number): void {
    const estimate = this.#estimates.get(drive);
    if (!estimate) {
      this.#estimates.set(drive, { meanMs: ms, deviationMs: ms / 2 });
      return;
    }
    estimate.deviationMs += (Math.abs(ms - estimate.meanMs) - estimate.deviationMs) / 4;
    estimate.meanMs += (ms - estimate.meanMs) / 8;
  }

  /** After this many milliseconds a frame of the drive is late. */
  hedgeMs(drive: string): number {
    const estimate = this.#estimates.get(drive);
    if (!estimate) return HEDGE_MS_INITIAL;
    return Math.min(HEDGE_MS_MAX, Math.max(HEDGE_MS_MIN, estimate.meanMs + 4 * estimate.deviationMs));
  }
}
