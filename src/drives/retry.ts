import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import { decorate } from "./decorate.ts";
import { type Drive, DriveError } from "./drive.ts";

export interface RetryOptions {
  clock: Clock;
  random: RandomBytes;
  /** Attempts in all. */
  attemptsMax: number;
  /**
   * The wait before the second attempt is at most this long, and before each later one at most
   * twice as long as the one before.
   */
  delayMs: number;
  /** No attempt begins later than this after the first one. */
  spanMs: number;
}

/**
 * Repeats `get`, `head`, `delete` and `list` if they may succeed soon. Never a put, because its
 * bytes are gone, nor a read that has begun. An open circuit is not retried: it is there to fail
 * fast.
 */
export function withRetry(drive: Drive, options: RetryOptions): Drive {
  return decorate(drive, {
    get: (key, range, how) => repeat(options, () => drive.get(key, range, how)),
    head: (key) => repeat(options, () => drive.head(key)),
    delete: (keys) => repeat(options, () => drive.delete(keys)),
    list: (page) => repeat(options, () => drive.list(page)),
  });
}

async function repeat<T>(options: RetryOptions, run: () => Promise<T>): Promise<T> {
  const { clock, random, attemptsMax, delayMs, spanMs } = options;
  const beganMs = clock.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!isWorthAnother(error) || attempt >= attemptsMax) throw error;
      // Between nothing and the full wait, at random, so that many callers do not come back at
      // once.
      const waitMs = delayMs * 2 ** (attempt - 1) * fraction(random);
      if (clock.now() + waitMs - beganMs > spanMs) throw error;
      await clock.sleep(waitMs);
    }
  }
}

function isWorthAnother(error: unknown): boolean {
  return error instanceof DriveError && error.retryable && error.fault !== "circuit-open";
}

/** 0 to 1. */
function fraction(random: RandomBytes): number {
  const [high, low] = random(2) as Uint8Array & [number, number];
  return (high * 256 + low) / 65_535;
}
