import { strict as assert } from "node:assert";
import { Evicted } from "../base/byte-budget.ts";
import type { Clock } from "../base/clock.ts";
import type { Geometry } from "./geometry.ts";
import type { StripeBuffer } from "./stripe-buffer.ts";
import type { Parking, SlowHolder, StripePool } from "./stripe-pool.ts";

/** As `StripeBuffer.begin` takes it, and the clock by which its client is slow. */
export interface Filling {
  readonly geometry: Geometry;
  readonly dataBytes: number;
  readonly tagBytes: number;
  readonly clock: Clock;
}

/**
 * A stripe that is filled at the speed of a client. It takes a slot when its first bytes are there. While the client is silent the slot
 * is at the disposal of others: the bytes are then copied out of it, and back into another when the client sends on.
 */
export class StripeFill implements SlowHolder {
  readonly #pool: StripePool;
  readonly #filling: Filling;
  readonly #evicted = Promise.withResolvers<never>();
  #buffer: StripeBuffer | null = null;
  #parked: { readonly bytes: Uint8Array; readonly parking: Parking } | null = null;
  #missingBytes: number;

  constructor(pool: StripePool, filling: Filling) {
    this.#pool = pool;
    this.#filling = filling;
    this.#missingBytes = filling.dataBytes - filling.geometry.k * filling.tagBytes;
    this.#evicted.promise.catch(() => {});
  }

  /** Bytes that are still to be appended. */
  get missingBytes(): number {
    return this.#missingBytes;
  }

  /** `sending`, during which the stripe stands back. Throws `Evicted` if the memory for its bytes was needed by others. */
  async awaitClient<T>(sending: Promise<T>): Promise<T> {
    if (this.#buffer) this.#pool.wait(this.#buffer, this, this.#filling.clock.now());
    try {
      return await Promise.race([sending, this.#evicted.promise]);
    } finally {
      if (this.#buffer) this.#pool.resume(this.#buffer);
      this.#parked?.parking.keep();
    }
  }

  /** Takes as many bytes as are missing, from the start of `bytes`, and returns how many. May wait for a slot. */
  async append(bytes: Uint8Array): Promise<number> {
    const buffer = this.#buffer ?? (await this.#enter());
    const taken = buffer.append(bytes);
    this.#missingBytes = buffer.missingBytes;
    return taken;
  }

  /** The buffer with the whole stripe in it, which the caller releases. */
  whole(): StripeBuffer {
    const buffer = this.#buffer;
    assert.ok(buffer !== null && this.#missingBytes === 0, "the stripe is not filled");
    this.#buffer = null;
    return buffer;
  }

  /** Gives up what was filled, if the buffer was not handed on. Further calls do nothing. */
  release(): void {
    this.#buffer?.release();
    this.#buffer = null;
    this.#leaveParking();
  }

  vacate(): void {
    const buffer = this.#buffer as StripeBuffer;
    const bytes = buffer.copyOut();
    const parking = this.#pool.park(bytes.length, this);
    this.#buffer = null;
    buffer.release();
    if (parking) this.#parked = { bytes, parking };
    else this.evict();
  }

  evict(): void {
    this.#leaveParking();
    this.#evicted.reject(new Evicted("the memory was needed by others"));
  }

  async #enter(): Promise<StripeBuffer> {
    const { geometry, dataBytes, tagBytes, clock } = this.#filling;
    const buffer = await this.#pool.acquire({ clock });
    buffer.begin(geometry, dataBytes, tagBytes);
    if (this.#parked) buffer.append(this.#parked.bytes);
    this.#leaveParking();
    this.#buffer = buffer;
    return buffer;
  }

  #leaveParking(): void {
    this.#parked?.parking.keep();
    this.#parked?.parking.allowance.release();
    this.#parked = null;
  }
}
