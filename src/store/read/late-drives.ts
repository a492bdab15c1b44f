import type { StoreContext } from "../context.ts";

/**
 * Drives that were late in this request, or lately in this isolate. They are asked only if no other
 * drive can serve. The readers of one request share it.
 */
export class LateDrives {
  readonly #store: Pick<StoreContext, "latency" | "clock">;
  readonly #met = new Set<string>();

  constructor(store: Pick<StoreContext, "latency" | "clock">) {
    this.#store = store;
  }

  has(drive: string): boolean {
    return this.#met.has(drive) || this.#store.latency.isSuspect(drive, this.#store.clock.now());
  }

  /** A frame of the drive is overdue, or the drive is unavailable. */
  suspect(drive: string): void {
    this.#met.add(drive);
    this.#store.latency.suspect(drive, this.#store.clock.now());
  }

  /** A frame of the drive came. */
  trust(drive: string): void {
    this.#met.delete(drive);
    this.#store.latency.trust(drive);
  }
}
