import { waitForOthers } from "./wait-for-others.ts";

/** Bytes that were taken out of a budget. Keep a reference to it for as long as they are in use: what is forgotten goes back. */
export interface Allowance {
  /** Gives the bytes back; further calls do nothing. */
  release(): void;
}

interface Waiter {
  bytes: number;
  take(): void;
}

/** Bounds how much memory the requests of an isolate hold together. Who finds too little left waits, first come first served. */
export class ByteBudget {
  readonly #bytesMax: number;
  readonly #waiting: Waiter[] = [];
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

  /** `bytes` of it, at once or when others gave back enough. Throws `RangeError` where that can never be. */
  take(bytes: number): Promise<Allowance> {
    if (bytes > this.#bytesMax) throw new RangeError(`${bytes} bytes of a budget of ${this.#bytesMax}`);
    if (this.#waiting.length === 0 && bytes <= this.#freeBytes) return Promise.resolve(this.#lend(bytes));
    const { promise, resolve } = Promise.withResolvers<Allowance>();
    this.#waiting.push({ bytes, take: () => resolve(this.#lend(bytes)) });
    return waitForOthers(promise);
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
