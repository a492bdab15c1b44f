import type { Clock, Timer } from "../base/clock.ts";
import { DriveError } from "./drive.ts";

/**
 * Limits the time of consecutive steps. One timer serves all of them: it is only set again when it
 * fires while a later step is under way. A timer per frame took a twentieth of the time of a GET.
 */
export class StepTimer {
  readonly #clock: Clock;
  readonly #drive: string;
  #timer: Timer | null = null;
  #timerMs = 0;
  /** Deadline of the present step. */
  #deadlineMs = 0;
  #expire: (() => void) | null = null;
  #hasEnded = false;

  /** `drive` is its name, for errors. */
  constructor(clock: Clock, drive: string) {
    this.#clock = clock;
    this.#drive = drive;
  }

  /** The result of `work`, or a DriveError of fault `timeout` if it takes longer than `ms`. */
  within<T>(call: string, ms: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const expire = () => reject(new DriveError(this.#drive, "timeout", `${call} took longer than ${ms} ms`));
      const over = () => {
        if (this.#expire !== expire) return;
        this.#expire = null;
        if (this.#hasEnded) this.#cancel();
      };
      this.#expire = expire;
      this.#deadlineMs = this.#clock.now() + ms;
      if (this.#timer === null || this.#timerMs > this.#deadlineMs) this.#set(ms);
      work.then(
        (result) => {
          over();
          resolve(result);
        },
        (error: unknown) => {
          over();
          reject(error);
        },
      );
    });
  }

  /** Call it when the last step has begun: after it no timer is left. */
  end(): void {
    this.#hasEnded = true;
    if (this.#expire === null) this.#cancel();
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #set(ms: number): void {
    this.#cancel();
    const timer = this.#clock.timer(ms);
    this.#timer = timer;
    this.#timerMs = this.#clock.now() + ms;
    void timer.done.then(() => {
      this.#timer = null;
      if (this.#expire === null) return;
      const leftMs = this.#deadlineMs - this.#clock.now();
      if (leftMs > 0) this.#set(leftMs);
      else this.#expire();
    });
  }
}
