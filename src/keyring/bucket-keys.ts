import type { Clock } from "../base/clock.ts";

/** How long a bucket key is used for new objects, and an opened one remembered. AWS says "a time-limited period". */
const LIFE_SECONDS = 300;
const REMEMBERED_MAX = 1_000;

export interface ReusableDataKey {
  readonly plain: Uint8Array;
  readonly sealed: string;
}

/** Data keys of buckets (S3 Bucket Keys) and queues that an isolate uses again. Plain data keys stay in its memory: those of buckets for five minutes. */
export class BucketKeys {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly key: ReusableDataKey; readonly madeMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `lifeSeconds`: how old it may be, 300 unless told. */
  find(id: string, lifeSeconds = LIFE_SECONDS): ReusableDataKey | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    if (this.#clock.now() - entry.madeMs < 1000 * lifeSeconds) return entry.key;
    this.#entries.delete(id);
    return null;
  }

  remember(id: string, key: ReusableDataKey): void {
    this.#entries.delete(id);
    this.#entries.set(id, { key, madeMs: this.#clock.now() });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > REMEMBERED_MAX && oldest !== undefined) this.#entries.delete(oldest);
  }
}
