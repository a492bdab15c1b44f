import type { Clock } from "../../base/clock.ts";
import { dayOf } from "../../lifecycle/days.ts";
import type { Metadata } from "../../metadata/metadata.ts";
import type { StoreSettings } from "../settings.ts";

/** Number of remembered accesses; others are recorded again, without harm. */
const REMEMBERED_MAX = 20_000;
/** Most accesses in one write. */
const BATCH_MAX = 500;
/** Delay of the write after the first recorded access. */
const DELAY_MS = 60_000;

/** A version that was read, and the name of its bucket's database. */
interface Access {
  database: string;
  bucketId: number;
  versionId: string;
}

/**
 * Records which versions of class INTELLIGENT_TIERING were read, each once a day. Records wait in
 * the isolate for a minute and are then written in one round trip during a later answer. If the
 * isolate ends earlier, they are lost. So a last access may seem a day older than it is.
 */
export class AccessLog {
  readonly #parts: AccessLogParts;
  #day = 0;
  readonly #known = new Set<string>();
  #waiting: Access[] = [];
  #sinceMs = 0;

  constructor(parts: AccessLogParts) {
    this.#parts = parts;
  }

  note(access: Access): void {
    const nowMs = this.#parts.clock.now();
    const day = dayOf(nowMs, this.#parts.settings);
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
    return length >= BATCH_MAX || (length > 0 && this.#parts.clock.now() - this.#sinceMs >= DELAY_MS);
  }

  /** Call it when a request is answered: writes waiting records if it is time. */
  afterAnswer(lifetime: Pick<ExecutionContext, "waitUntil">): void {
    if (this.isDue) lifetime.waitUntil(this.write());
  }

  /**
   * Writes waiting records, for buckets that need them. If the metadata do not answer, they are
   * lost until the next access.
   */
  async write(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { identity, tiers } of this.#parts.databases) {
      const own = waiting.filter(({ database }) => database === identity.name);
      for (let at = 0; at < own.length; at += BATCH_MAX) {
        try {
          await tiers.noteAccesses(own.slice(at, at + BATCH_MAX), this.#day);
        } catch (error) {
          this.#parts.tell(`the last access of objects could not be noted: ${String(error)}`);
        }
      }
    }
  }
}

interface AccessLogParts {
  clock: Clock;
  settings: Pick<StoreSettings, "lifecycleDaySeconds">;
  databases: readonly Metadata[];
  tell: (line: string) => void;
}
