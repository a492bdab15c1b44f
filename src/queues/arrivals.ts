import type { Clock } from "../base/clock.ts";

/** How long an isolate waits between two looks at a queue: a twentieth of how long nothing came, within these. */
const LOOK_MS = { min: 25, max: 200, share: 20 };

/** What an isolate knows of a queue that somebody waits for. */
interface Watched {
  readonly waiters: Set<() => void>;
  /** When anybody of this isolate looked last. */
  lookedMs: number;
  /** When a message came last, or somebody began to wait. */
  aliveMs: number;
}

/**
 * Receives that wait for messages, in this isolate. A message that is sent in the same isolate wakes one at once. Of others the isolate
 * learns by looking into D1: all that wait for one queue share the looks, so that their number costs nothing. A waiter is a timer and an
 * entry here, and holds no message.
 */
export class Arrivals {
  readonly #clock: Clock;
  readonly #queues = new Map<number, Watched>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Messages came: as many waiters of the queue wake. */
  notify(queueId: number, count: number): void {
    const watched = this.#queues.get(queueId);
    if (watched === undefined) return;
    watched.aliveMs = this.#clock.now();
    for (const wake of [...watched.waiters].slice(0, count)) wake();
  }

  /**
   * Waits until there may be something to receive: until a message came in this isolate, or `look` finds that one is visible at that
   * time or before. False: the time is over, or `signal` was aborted.
   */
  async wait(
    queueId: number,
    { untilMs, look, signal }: { untilMs: number; look: () => Promise<number | null>; signal: AbortSignal | null },
  ): Promise<boolean> {
    const watched = this.#watch(queueId);
    let isWoken = false;
    let wake = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = () => {
        isWoken = true;
        watched.waiters.delete(wake);
        resolve();
      };
    });
    watched.waiters.add(wake);
    const isGone = () => signal?.aborted === true;
    try {
      let nextMs: number | null = null;
      while (!isWoken && !isGone()) {
        const nowMs = this.#clock.now();
        if (nowMs >= untilMs) return false;
        const intervalMs = clamp((nowMs - watched.aliveMs) / LOOK_MS.share);
        if (nextMs !== null && nextMs <= nowMs) return true;
        if (nowMs - watched.lookedMs >= intervalMs) {
          watched.lookedMs = nowMs;
          nextMs = await look();
          if (nextMs !== null && nextMs <= this.#clock.now()) {
            watched.aliveMs = this.#clock.now();
            return !isGone();
          }
        }
        const sleepMs = Math.min(
          untilMs - nowMs,
          intervalMs,
          nextMs === null ? intervalMs : Math.max(1, nextMs - nowMs),
        );
        const timer = this.#clock.timer(Math.max(1, Math.ceil(sleepMs)));
        await Promise.race([timer.done, woken]);
        timer.cancel();
      }
      return !isGone();
    } finally {
      watched.waiters.delete(wake);
      if (watched.waiters.size === 0) this.#queues.delete(queueId);
      else if (isWoken && isGone()) this.notify(queueId, 1);
    }
  }

  #watch(queueId: number): Watched {
    const known = this.#queues.get(queueId);
    if (known !== undefined) return known;
    const watched: Watched = { waiters: new Set(), lookedMs: 0, aliveMs: this.#clock.now() };
    this.#queues.set(queueId, watched);
    return watched;
  }
}

function clamp(ms: number): number {
  return Math.min(LOOK_MS.max, Math.max(LOOK_MS.min, ms));
}
