/** Limits of the time after which another shard is requested besides a slow one. */
const HEDGE_MS_MIN = 50;
const HEDGE_MS_MAX = 3_000;
/** Before anything is known about a drive. */
const HEDGE_MS_INITIAL = 1_000;

/**
 * How long a drive is asked last after it was late or unavailable: the first and the longest time.
 * The time doubles with each repetition.
 */
const SUSPECT_MS_MIN = 10_000;
const SUSPECT_MS_MAX = 120_000;

interface Suspicion {
  untilMs: number;
  lastsMs: number;
}

interface Estimate {
  meanMs: number;
  deviationMs: number;
}

/**
 * Usual times of each drive's frames, as a running mean and mean deviation (the estimator of TCP's
 * retransmission timer, RFC 6298). One per isolate, with one entry per drive.
 */
export class DriveLatency {
  readonly #estimates = new Map<string, Estimate>();
  readonly #suspicions = new Map<string, Suspicion>();

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
   * A frame of the drive is overdue or unavailable. Suspicion ends by itself: a request that waits
   * for the frame may be cancelled and never report its arrival.
   */
  suspect(drive: string, nowMs: number): void {
    const before = this.#suspicions.get(drive);
    if (before && nowMs < before.untilMs) return;
    const lastsMs = before ? Math.min(SUSPECT_MS_MAX, 2 * before.lastsMs) : SUSPECT_MS_MIN;
    this.#suspicions.set(drive, { untilMs: nowMs + lastsMs, lastsMs });
  }

  /** A frame of the drive came. */
  trust(drive: string): void {
    this.#suspicions.delete(drive);
  }

  isSuspect(drive: string, nowMs: number): boolean {
    return nowMs < (this.#suspicions.get(drive)?.untilMs ?? 0);
  }

  /**
   * After this many milliseconds a frame of the drive is late. The wait is shorter for a drive
   * whose last late frame never came.
   */
  hedgeMs(drive: string): number {
    if (this.#suspicions.has(drive)) return HEDGE_MS_MIN;
    const estimate = this.#estimates.get(drive);
    if (!estimate) return HEDGE_MS_INITIAL;
    return Math.min(HEDGE_MS_MAX, Math.max(HEDGE_MS_MIN, estimate.meanMs + 4 * estimate.deviationMs));
  }
}
