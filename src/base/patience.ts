import type { Clock } from "./clock.ts";

/** How slow a client may be. */
export interface Patience {
  readonly clock: Clock;
  /** A client that neither sends nor takes anything for this time is given up. */
  readonly idleMs: number;
  /** What a client must send in any minute that the server spends waiting for it, divided by 60. 0: anything. */
  readonly bytesPerSecondMin: number;
}

/** The client sent too little for too long. */
export class ClientTooSlow extends Error {
  override readonly name = "ClientTooSlow";
}

const WINDOW_MS = 60_000;

/**
 * Watches what one client sends. Only time that is spent waiting for the client counts: while the server is busy with what it has, a
 * client that cannot send on is not slow.
 */
export class SpeedWatch {
  readonly #patience: Patience;
  /** When the current wait began, and when bytes came last. */
  #sinceMs = 0;
  #lastMs = 0;
  /** Of the current window: waiting before the current wait, and bytes. */
  #waitedMs = 0;
  #bytes = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** Bytes came. To be called while `over` runs. */
  arrived(bytes: number): void {
    this.#lastMs = this.#patience.clock.now();
    this.#bytes += bytes;
  }

  /** `reading`, or throws `ClientTooSlow`: what is read then is dropped. */
  async over<T>(reading: Promise<T>): Promise<T> {
    const { clock, idleMs } = this.#patience;
    this.#sinceMs = clock.now();
    this.#lastMs = this.#sinceMs;
    let timer = clock.timer(idleMs);
    const done = reading.then((value) => ({ value }));
    try {
      for (;;) {
        const ended = await Promise.race([done, timer.done]);
        this.#judge();
        if (ended) return ended.value;
        timer = clock.timer(Math.max(1, this.#lastMs + idleMs - clock.now()));
      }
    } finally {
      timer.cancel();
      this.#waitedMs += clock.now() - this.#sinceMs;
    }
  }

  #judge(): void {
    const { clock, idleMs, bytesPerSecondMin } = this.#patience;
    const nowMs = clock.now();
    if (nowMs - this.#lastMs >= idleMs) throw new ClientTooSlow(`nothing came for ${idleMs} ms`);
    const waitedMs = this.#waitedMs + nowMs - this.#sinceMs;
    if (waitedMs < WINDOW_MS) return;
    if (this.#bytes * 1000 < bytesPerSecondMin * waitedMs) {
      throw new ClientTooSlow(`${this.#bytes} bytes came in ${waitedMs} ms`);
    }
    this.#sinceMs = nowMs;
    this.#waitedMs = 0;
    this.#bytes = 0;
  }
}
