import { type Allowance, ByteBudget } from "../base/byte-budget.ts";
import type { Clock } from "../base/clock.ts";
import { waitForOthers } from "../base/wait-for-others.ts";
import type { KernelInstance } from "./kernel.ts";
import { StripeBuffer } from "./stripe-buffer.ts";

interface Waiter {
  readonly take: (slot: number) => void;
}

/** Who fills a buffer at the speed of a client. */
export interface SlowHolder {
  /** Copies its bytes out of the buffer and releases it. Called at most once for each `lend`; must not throw. */
  vacate(): void;
  /** Ends the holder, whose bytes were copied out: others need the memory more. */
  evict(): void;
}

/** Room for bytes that were copied out of a slot. */
export interface Parking {
  readonly allowance: Allowance;
  /** The client has sent something: the holder is not ended any more. */
  keep(): void;
}

interface Lent {
  readonly sinceMs: number;
  /** A runtime may drop a request at an await: nobody but the request itself keeps its holder alive. */
  readonly holder: WeakRef<SlowHolder>;
}

/** A holder that waits this long for its client gives its slot to somebody who waits for one. */
const SLOW_MS = 100;
/** What all bytes that were copied out of slots may take together. */
export const PARKED_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The kernel's stripe slots, lent one at a time: what bounds the memory of an isolate, whatever its requests want. A slot that is
 * being filled by a client which sends slowly is taken back if somebody else waits for one.
 */
export class StripePool {
  readonly #instance: KernelInstance;
  readonly #baseOf: (slot: number) => number;
  readonly #free: number[];
  readonly #waiting: Waiter[] = [];
  readonly #slotOf = new WeakMap<StripeBuffer, number>();
  /** Holders of slots who wait for their clients, the longest first. */
  readonly #slow = new Map<number, Lent>();
  /** Those who have given up theirs, the longest first. */
  readonly #parked = new Set<WeakRef<SlowHolder>>();
  readonly #parking = new ByteBudget(PARKED_BYTES_MAX);
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
   * A buffer, at once if a slot is free, otherwise in the order of the calls. If `signal` aborts first, the place in the queue is given
   * up and the promise rejects with the signal's reason. With a `clock` slow holders are made to give up theirs.
   */
  acquire({ signal, clock }: { signal?: AbortSignal; clock?: Clock } = {}): Promise<StripeBuffer> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const slot = this.#free.pop();
    if (slot !== undefined) return Promise.resolve(this.#lend(slot));
    const waiting = waitForOthers(this.#wait(signal));
    return clock ? this.#insist(waiting, clock) : waiting;
  }

  /** Says that the holder of `buffer` waits for its client from now on. */
  wait(buffer: StripeBuffer, holder: SlowHolder, nowMs: number): void {
    this.#slow.set(this.#slotOf.get(buffer) as number, { sinceMs: nowMs, holder: new WeakRef(holder) });
  }

  /** The client has sent something. */
  resume(buffer: StripeBuffer): void {
    this.#slow.delete(this.#slotOf.get(buffer) as number);
  }

  /**
   * Room for the bytes of a holder that gives up its slot; null if there is none. To make some, those that have waited longest for their
   * clients are ended.
   */
  park(bytes: number, holder: SlowHolder): Parking | null {
    let allowance = this.#parking.tryTake(bytes);
    for (const oldest of this.#parked) {
      if (allowance) break;
      this.#parked.delete(oldest);
      oldest.deref()?.evict();
      allowance = this.#parking.tryTake(bytes);
    }
    if (!allowance) return null;
    const place = new WeakRef(holder);
    this.#parked.add(place);
    return { allowance, keep: () => void this.#parked.delete(place) };
  }

  async #insist(waiting: Promise<StripeBuffer>, clock: Clock): Promise<StripeBuffer> {
    const got = waiting.then(() => "got" as const);
    for (;;) {
      this.#reclaim(clock.now());
      const timer = clock.timer(SLOW_MS / 2);
      const first = await Promise.race([got, timer.done]);
      timer.cancel();
      if (first === "got") return waiting;
    }
  }

  /** Takes back as many slots as are waited for, from those that have been slow for longest. */
  #reclaim(nowMs: number): void {
    for (const [slot, { sinceMs, holder }] of this.#slow) {
      if (this.#waiting.length === 0 || nowMs - sinceMs < SLOW_MS) return;
      this.#slow.delete(slot);
      holder.deref()?.vacate();
    }
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
      this.#slow.delete(slot);
      this.#dropped.unregister(released);
      this.#takeBack(slot);
    });
    this.#slotOf.set(buffer, slot);
    this.#dropped.register(buffer, slot, buffer);
    return buffer;
  }

  #takeBack(slot: number): void {
    const next = this.#waiting.shift();
    if (next) next.take(slot);
    else this.#free.push(slot);
  }
}
