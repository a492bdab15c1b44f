/** Time as a parameter: the real clock in the Worker, a simulated one in tests. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves `ms` milliseconds from now. */
  sleep(ms: number): Promise<void>;
  /** As `sleep`, for waits that usually end before their time: a Worker may hold only 10,000 timers. */
  timer(ms: number): Timer;
}

export interface Timer {
  /** Resolves when the time is over, unless `cancel` was called before. */
  readonly done: Promise<void>;
  cancel(): void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  timer: (ms) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const id = setTimeout(resolve, ms);
    return { done: promise, cancel: () => clearTimeout(id) };
  },
};
