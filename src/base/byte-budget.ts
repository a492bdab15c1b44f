import type { Clock } from "./clock.ts";
import { waitForOthers } from "./wait-for-others.ts";

/** Others needed the memory that a client's bytes lay in, and it sent nothing. */
export class Evicted extends Error {
  override readonly name = "Evicted";
}

/** A holder that waits this long for its client is ended if others wait for memory. */
const IDLE_MS = 2_000;

/** Bytes that were taken out of a budget. Keep a reference to it for as long as they are in use: what is forgotten goes back. */
export interface Allowance {
  /** Gives the bytes back; further calls do nothing. */
  release(): void;
  /** `sending`, which a client takes its time for. Throws `Evicted` if others wait meanwhile and it sends nothing for two seconds. */
  awaitClient<T>(sending: Promise<T>, clock: Clock): Promise<T>;
}

interface Idle {
  sinceMs: number;
  /** A runtime may drop a request at an await: nobody but the request itself keeps this alive. */
  evict: WeakRef<() => void>;
}

interface Waiter {
  bytes: number;
  take(): void;
}

/** Bounds how much memory the requests of an isolate hold together. Who finds too little left waits, first come first served. */
export class ByteBudget {
  readonly #bytesMax: number;
  readonly #waiting: Waiter[] = [];
  /** Holders who wait for their clients, the longest first. */
  readonly #idle = new Set<Idle>();
  #freeBytes: number;
  /** A runtime may drop a request in the middle of an await, and no code of ours runs then: its allowance comes back by this way. */
  readonly #dropped: FinalizationRegistry<number>;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#freeBytes = bytesMax;
    this.#dropped = new FinalizationRegistry((bytes) => this.#giveBack(bytes));
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** `bytes` of it, at once or when others gave back enough; with a `clock` those whose clients are silent must. Throws `RangeError` where that can never be. */
  take(bytes: number, clock?: Clock): Promise<Allowance> {
    if (bytes > this.#bytesMax) throw new RangeError(`${bytes} bytes of a budget of ${this.#bytesMax}`);
    if (this.#waiting.length === 0 && bytes <= this.#freeBytes) return Promise.resolve(this.#lend(bytes));
    const { promise, resolve } = Promise.withResolvers<Allowance>();
    this.#waiting.push({ bytes, take: () => resolve(this.#lend(bytes)) });
    return waitForOthers(clock ? this.#insist(promise, clock) : promise);
  }

  async #insist(waiting: Promise<Allowance>, clock: Clock): Promise<Allowance> {
    const got = waiting.then(() => "got" as const);
    for (;;) {
      const [longest] = this.#idle;
      if (longest && clock.now() - longest.sinceMs >= IDLE_MS) {
        this.#idle.delete(longest);
        longest.evict.deref()?.();
      }
      const timer = clock.timer(IDLE_MS / 4);
      const first = await Promise.race([got, timer.done]);
      timer.cancel();
      if (first === "got") return waiting;
    }
  }

  async #awaitClient<T>(sending: Promise<T>, clock: Clock): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const evict = () => reject(new Evicted("the memory was needed by others"));
    const idle: Idle = { sinceMs: clock.now(), evict: new WeakRef(evict) };
    this.#idle.add(idle);
    try {
      return await Promise.race([sending, promise]);
    } finally {
      this.#idle.delete(idle);
      // Nobody listens any more. This use keeps `evict` alive over the await: optimised code forgets what is not used afterwards.
      evict();
    }
  }

  /** `bytes` of it if they can be had at once and nobody waits, otherwise null. */
  tryTake(bytes: number): Allowance | null {
    return this.#waiting.length === 0 && bytes <= this.#freeBytes ? this.#lend(bytes) : null;
  }

  #lend(bytes: number): Allowance {
    this.#freeBytes -= bytes;
    let released = false;
    const allowance: Allowance = {
      release: () => {
        if (released) return;
        released = true;
        this.#dropped.unregister(allowance);
        this.#giveBack(bytes);
      },
      awaitClient: (sending, clock) => this.#awaitClient(sending, clock),
    };
    this.#dropped.register(allowance, bytes, allowance);
    return allowance;
  }

  #giveBack(bytes: number): void {
    this.#freeBytes += bytes;
    for (let next = this.#waiting[0]; next && next.bytes <= this.#freeBytes; next = this.#waiting[0]) {
      this.#waiting.shift();
      next.take();
    }
  }
}
