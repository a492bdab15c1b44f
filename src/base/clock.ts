/** Time as a parameter: the real clock in the Worker, a simulated one in tests. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves `ms` milliseconds from now. */
  sleep(ms: number): Promise<void>;
}
