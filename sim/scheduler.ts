import type { Clock, Timer } from "../src/base/clock.ts";
import type { SeededRandom } from "./random.ts";

/** One process of the simulation: when it crashes, nothing of it continues. */
export class Process {
  readonly name: string;
  isDead = false;
  /** Resolves when it crashes. */
  readonly crashed: Promise<void>;
  readonly crash: () => void;

  constructor(name: string) {
    this.name = name;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.crashed = promise;
    this.crash = () => {
      this.isDead = true;
      resolve();
    };
  }
}

interface Waiting {
  process: Process | null;
  resume: () => void;
}

interface Alarm extends Waiting {
  atMs: number;
  order: number;
}

/**
 * Decides what happens next. The simulated code waits only here: for a call to a drive or to D1
 * (`pause`), or for time (`clock`). One waiter is resumed at a time, picked by the seed, and runs
 * until it waits again.
 */
export class Scheduler {
  readonly random: SeededRandom;
  #nowMs = Date.UTC(2026, 0, 1);
  #ready: Waiting[] = [];
  #alarms: Alarm[] = [];
  #order = 0;
  readonly #turns = new Turns();
  /** How many waiters were resumed. */
  resumed = 0;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets anything else happen first. Never resolves for a process that crashes meanwhile. */
  pause(process: Process | null): Promise<void> {
    return new Promise((resolve) => this.#ready.push({ process, resume: resolve }));
  }

  /** Time as one process sees it. */
  clock(process: Process | null): Clock {
    const timer = (ms: number): Timer => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const alarm: Alarm = { process, resume: resolve, atMs: this.#nowMs + Math.ceil(ms), order: this.#order++ };
      this.#alarms.push(alarm);
      const cancel = () => {
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
      };
      return { done: promise, cancel };
    };
    return { now: () => this.#nowMs, sleep: (ms) => timer(ms).done, timer };
  }

  /** Runs until `done`, or until nothing can happen any more: then a process waits forever. */
  async run(done: () => boolean): Promise<void> {
    while (!done()) {
      await this.#turns.next();
      if (done()) return;
      if (!this.#step()) throw new Error("the simulation stands still: something waits for what never comes");
    }
  }

  #step(): boolean {
    if (this.#ready.some(isOfTheDead)) this.#ready = this.#ready.filter((waiting) => !isOfTheDead(waiting));
    if (this.#alarms.some(isOfTheDead)) this.#alarms = this.#alarms.filter((waiting) => !isOfTheDead(waiting));
    const due = this.#alarms.filter(({ atMs }) => atMs <= this.#nowMs);
    const choices = this.#ready.length + due.length;
    if (choices === 0) return this.#passTime();
    const at = this.random.below(choices);
    const chosen = at < this.#ready.length ? this.#ready.splice(at, 1)[0] : due[at - this.#ready.length];
    if (chosen && "atMs" in chosen) this.#alarms = this.#alarms.filter((alarm) => alarm !== chosen);
    this.#nowMs += this.random.below(20);
    this.resumed += 1;
    chosen?.resume();
    return true;
  }

  /** Goes on to the next alarm. */
  #passTime(): boolean {
    if (this.#alarms.length === 0) return false;
    this.#nowMs = Math.min(...this.#alarms.map(({ atMs }) => atMs));
    return true;
  }
}

function isOfTheDead({ process }: Waiting): boolean {
  return process?.isDead === true;
}

/**
 * Number of turns of the event loop that are requested at once: between them it does not check for
 * input, which would cost more than a turn.
 */
const TURNS = 64;

/** Turns of the event loop. */
class Turns {
  #left = 0;
  #resolve: (() => void) | null = null;

  /** Resolves when everything that can run without the scheduler has run. */
  next(): Promise<void> {
    if (this.#left === 0) {
      this.#left = TURNS;
      for (let turn = 0; turn < TURNS; turn++) setImmediate(() => this.#turn());
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  #turn(): void {
    this.#left -= 1;
    this.#resolve?.();
    this.#resolve = null;
  }
}
