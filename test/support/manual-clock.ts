import type { Clock, Timer } from "../../src/base/clock.ts";

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #nowMs: number;
  #alarms: { atMs: number; ring: () => void }[] = [];

  constructor(nowMs = Date.UTC(2026, 10, 21)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    return this.timer(ms).done;
  }

  timer(ms: number): Timer {
    const { promise, resolve } = Promise.withResolvers<void>();
    const alarm = { atMs: this.#nowMs + ms, ring: resolve };
    this.#alarms.push(alarm);
    return {
      done: promise,
      cancel: () => {
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
      },
    };
  }

  /** How many timers run. */
  get waiting(): number {
    return this.#alarms.length;
  }

  /** Lets time pass: alarms ring in order, and what waits for each runs before the next one rings. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const [next] = this.#alarms.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      this.#alarms = this.#alarms.filter((alarm) => alarm !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.ring();
      await settle();
    }
    this.#nowMs = untilMs;
  }
}

/** Lets everything run that waits for no timer and no input. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
