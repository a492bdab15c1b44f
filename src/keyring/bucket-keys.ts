import type { Clock } from "../base/clock.ts";

/** How long a bucket key is used for new objects, and an opened one remembered. AWS says "a time-limited period". */
const LIFE_MS = 5 * 60_000;
const REMEMBERED_MAX = 1_000;

export interface ReusableDataKey {
  readonly plain: Uint8Array;
  readonly sealed: string;
}

/** Data keys of buckets (S3 Bucket Keys) that an isolate uses again. Plain data keys stay in its memory, for five minutes. */
export class BucketKeys {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly key: ReusableDataKey; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  find(id: string): ReusableDataKey | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    if (this.#clock.now() < entry.untilMs) return entry.key;
    this.#entries.delete(id);
    return null;
  }

  remember(id: string, key: ReusableDataKey): void {
    this.#entries.delete(id);
    this.#entries.set(id, { key, untilMs: this.#clock.now() + LIFE_MS });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > REMEMBERED_MAX && oldest !== undefined) this.#entries.delete(oldest);
  }
}
