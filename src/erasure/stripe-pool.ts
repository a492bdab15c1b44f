import { waitForOthers } from "../base/wait-for-others.ts";
import type { KernelInstance } from "./kernel.ts";
import { StripeBuffer } from "./stripe-buffer.ts";

interface Waiter {
  readonly take: (slot: number) => void;
}

/** The kernel's stripe slots, lent one at a time: what bounds the memory of an isolate, whatever its requests want. */
export class StripePool {
  readonly #instance: KernelInstance;
  readonly #baseOf: (slot: number) => number;
  readonly #free: number[];
  readonly #waiting: Waiter[] = [];
  /**
   * A runtime may drop a request in the middle of an await, and no code of ours runs then. Its buffer becomes unreachable, and
   * its slot comes back by this way.
   */
  readonly #dropped: FinalizationRegistry<number>;

  /** Lends the slots 1 to `slots`; `baseOf` gives their addresses. */
  constructor(instance: KernelInstance, slots: number, baseOf: (slot: number) => number) {
    this.#instance = instance;
    this.#baseOf = baseOf;
    this.#free = Array.from({ length: slots }, (_, index) => slots - index);
    this.#dropped = new FinalizationRegistry((slot) => this.#takeBack(slot));
  }

  /** Slots that nobody has. */
  get idleSlots(): number {
    return this.#free.length;
  }

  /**
   * A buffer, at once if a slot is free, otherwise in the order of the calls. If `signal` aborts first, the place in the queue
   * is given up and the promise rejects with the signal's reason.
   */
  acquire(signal?: AbortSignal): Promise<StripeBuffer> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const slot = this.#free.pop();
    if (slot !== undefined) return Promise.resolve(this.#lend(slot));
    return waitForOthers(this.#wait(signal));
  }

  #wait(signal?: AbortSignal): Promise<StripeBuffer> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        take: (freed) => {
          signal?.removeEventListener("abort", giveUp);
          resolve(this.#lend(freed));
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #lend(slot: number): StripeBuffer {
    const buffer = new StripeBuffer(this.#instance, this.#baseOf(slot), (released) => {
      this.#dropped.unregister(released);
      this.#takeBack(slot);
    });
    this.#dropped.register(buffer, slot, buffer);
    return buffer;
  }

  #takeBack(slot: number): void {
    const next = this.#waiting.shift();
    if (next) next.take(slot);
    else this.#free.push(slot);
  }
}
