import type { Clock } from "../../base/clock.ts";
import type { StoreContext } from "../context.ts";
import type { StoreSettings } from "../settings.ts";

/** As many are remembered; others are noted again, for nothing. */
const REMEMBERED_MAX = 20_000;
/** As many are written at a time. */
const BATCH_MAX = 500;
/** What was noted is written so much later, with whatever else is noted until then. */
const DELAY_MS = 60_000;

/** A version that was read, and the name of the database that its bucket lies in. */
interface Access {
  database: string;
  bucketId: number;
  versionId: string;
}

/**
 * Which versions of class INTELLIGENT_TIERING were read, each once a day, for the metadata to keep. Notes wait in the isolate for a
 * minute and are then written in one round trip beside a later answer; those of an isolate that ends before are lost. So a last
 * access may be a day older than it was.
 */
export class AccessLog {
  readonly #clock: Clock;
  readonly #settings: Pick<StoreSettings, "lifecycleDaySeconds">;
  #day = 0;
  readonly #known = new Set<string>();
  #waiting: Access[] = [];
  #sinceMs = 0;

  constructor(clock: Clock, settings: Pick<StoreSettings, "lifecycleDaySeconds">) {
    this.#clock = clock;
    this.#settings = settings;
  }

  note(access: Access): void {
    const nowMs = this.#clock.now();
    const day = dayOf(nowMs, this.#settings);
    if (day !== this.#day || this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#day = day;
    const name = `${access.database} ${access.bucketId} ${access.versionId}`;
    if (this.#known.has(name) || this.#waiting.length >= REMEMBERED_MAX) return;
    this.#known.add(name);
    if (this.#waiting.length === 0) this.#sinceMs = nowMs;
    this.#waiting.push(access);
  }

  /** Whether it is time to write. */
  get isDue(): boolean {
    const { length } = this.#waiting;
    return length >= BATCH_MAX || (length > 0 && this.#clock.now() - this.#sinceMs >= DELAY_MS);
  }

  /** Writes what waits, in buckets that ask for it. Where the metadata do not answer it is lost: the next access tells. */
  async write(stores: readonly Pick<StoreContext, "metadata">[]): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { metadata } of stores) {
      const own = waiting.filter(({ database }) => database === metadata.identity.name);
      for (let at = 0; at < own.length; at += BATCH_MAX) {
        await metadata.tiers.noteAccesses(own.slice(at, at + BATCH_MAX), this.#day);
      }
    }
  }
}

/** The day of `SHERD_LIFECYCLE_DAY_SECONDS`, counted since 1970. */
export function dayOf(ms: number, { lifecycleDaySeconds }: Pick<StoreSettings, "lifecycleDaySeconds">): number {
  return Math.floor(ms / (lifecycleDaySeconds * 1000));
}
