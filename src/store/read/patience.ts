import type { Clock, Timer } from "../../base/clock.ts";

/** Waits for answers of several drives at once. Equal waits share a timer. */
export class Patience {
  readonly #clock: Clock;
  readonly #timers = new Map<number, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves `ms` milliseconds from the first call with this `ms`, unless `end` was called before. */
  over(ms: number): Promise<void> {
    const timer = this.#timers.get(ms) ?? this.#clock.timer(ms);
    this.#timers.set(ms, timer);
    return timer.done;
  }

  /** Leaves no timer. */
  end(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
