import { type Allowance, Evicted } from "../../base/byte-budget.ts";
import type { Clock } from "../../base/clock.ts";
import type { StripeFill } from "../../erasure/stripe-fill.ts";
import { StoreError } from "../failure.ts";
import type { DigestName, Digests } from "../types.ts";
import type { DigestSet } from "./digests.ts";

/** Where a body's bytes come from: the part of `IncomingBody` that needs no knowledge of requests. */
export interface BlobSource {
  readonly sizeBytes: number;
  /** True where `sizeBytes` is only the most that may come: zeros, which no digest covers, fill the rest. */
  readonly sizeIsBound?: boolean;
  /** True where the bytes come from drives, whose calls wait for an answer as well: shards are not streamed beside them then. */
  readonly readsDrives?: boolean;
  readonly digests: readonly DigestName[];
  next(): Promise<Uint8Array | null>;
}

const PADDING = new Uint8Array(4096);

/** The body's pieces, cut to what stripes take, with the digests of all of it. */
export class BodyPieces {
  readonly #source: BlobSource;
  readonly #digests: DigestSet;
  #rest: Uint8Array = new Uint8Array(0);
  #receivedBytes = 0;
  /** The source has ended below its bound, and what is left in `#rest` is padding. */
  #endedEarly = false;

  constructor(source: BlobSource, digests: DigestSet) {
    this.#source = source;
    this.#digests = digests;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Resolves when there is something to fill in, of a body that has not ended. */
  async arrived(): Promise<void> {
    if (this.#rest.length === 0) this.#rest = await this.#piece();
  }

  /**
   * Step 2: fills the stripe, copying each byte once, from the piece to the kernel's memory. `held` is other memory that is held while
   * the client sends. Throws `StoreError` no-memory.
   */
  async fill(stripe: StripeFill, held: { allowance: Allowance; clock: Clock } | null): Promise<void> {
    try {
      while (stripe.missingBytes > 0) {
        if (this.#rest.length === 0) {
          const sending = stripe.awaitClient(this.#piece());
          this.#rest = await (held ? held.allowance.awaitClient(sending, held.clock) : sending);
        }
        this.#rest = this.#rest.subarray(await stripe.append(this.#rest));
      }
    } catch (cause) {
      if (cause instanceof Evicted) throw new StoreError({ kind: "no-memory" }, { cause });
      throw cause;
    }
  }

  /** The digests, once the source is found to hold no more than it declared. */
  async finish(): Promise<Digests> {
    if (this.#endedEarly) return this.#digests.finish();
    const surplus = this.#rest.length > 0 ? this.#rest : await this.#source.next();
    if (surplus !== null) throw new StoreError(this.#incomplete(surplus.length));
    return this.#digests.finish();
  }

  async #piece(): Promise<Uint8Array> {
    const piece = this.#endedEarly ? null : await this.#source.next();
    if (piece === null) {
      if (!this.#source.sizeIsBound) throw new StoreError(this.#incomplete(0));
      this.#endedEarly = true;
      return PADDING;
    }
    this.#receivedBytes += piece.length;
    this.#digests.update(piece);
    return piece;
  }

  #incomplete(surplusBytes: number) {
    const receivedBytes = this.#receivedBytes + surplusBytes;
    return { kind: "incomplete-body", expectedBytes: this.#source.sizeBytes, receivedBytes } as const;
  }
}
