import { type Allowance, Evicted } from "../../base/byte-budget.ts";
import type { Clock } from "../../base/clock.ts";
import type { StripeFill } from "../../erasure/stripe-fill.ts";
import { StoreError } from "../failure.ts";
import type { DigestName, Digests } from "../types.ts";
import type { DigestSet } from "./digests.ts";

/** Source of a body's bytes: the part of `IncomingBody` that needs no knowledge of requests. */
export interface BlobSource {
  readonly sizeBytes: number;
  /** True if `sizeBytes` is only an upper bound: zeros, which no digest covers, fill the rest. */
  readonly sizeIsBound?: boolean;
  /**
   * True if the bytes come from drives, whose calls wait for an answer as well: shards are then not
   * streamed at the same time.
   */
  readonly readsDrives?: boolean;
  readonly digests: readonly DigestName[];
  next(): Promise<Uint8Array | null>;
}

const PADDING = new Uint8Array(4096);

/** The body's pieces, cut to the needs of stripes, with the digests of the whole. */
export class BodyPieces {
  readonly #source: BlobSource;
  readonly #digests: DigestSet;
  #rest: Uint8Array = new Uint8Array(0);
  #receivedBytes = 0;
  /** The source has ended below its bound; the rest in `#rest` is padding. */
  #endedEarly = false;

  constructor(source: BlobSource, digests: DigestSet) {
    this.#source = source;
    this.#digests = digests;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Resolves when there are bytes to fill in, unless the body has ended. */
  async arrived(): Promise<void> {
    if (this.#rest.length === 0) this.#rest = await this.#piece();
  }

  /**
   * Step 2: fills the stripe, copying each byte once, from the piece to the kernel's memory. `held`
   * is other memory that is held while the client sends. Throws `StoreError` no-memory.
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

  /** The digests, after a check that the source holds no more than it declared. */
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
