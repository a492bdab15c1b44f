import { dueAfter } from "../src/lifecycle/days.ts";
import { Violation } from "./oracle.ts";

/** What a key may name. */
export interface Candidate {
  /** null: nothing. */
  etag: string | null;
  expires: boolean;
  /** The earliest time at which it was written. */
  sinceMs: number;
}

/** Knowledge of a key. Only one operation works on it at a time. */
interface Known {
  candidates: Candidate[];
  /** When it was last seen, as a number that grows. */
  seenAt: number;
}

/** The model of the bucket: what its keys may name, and since when no rule can expire anything. */
export class Expiring {
  readonly #known = new Map<string, Known>();
  readonly busy = new Set<string>();
  #ticks = 0;
  /** Since when the rules are surely off; null: they may be on. */
  offSince: number | null = null;

  tick(): number {
    return ++this.#ticks;
  }

  of(key: string): Known {
    return this.#known.get(key) ?? { candidates: [{ etag: null, expires: false, sinceMs: 0 }], seenAt: 0 };
  }

  set(key: string, candidates: Candidate[]): void {
    this.#known.set(key, { candidates, seenAt: this.tick() });
  }

  /** Checks what a key was found to name at `nowMs`, and records it. */
  found(key: string, etag: string | null, { nowMs, dayMs }: { nowMs: number; dayMs: number }): void {
    const { candidates, seenAt } = this.of(key);
    const same = candidates.filter((candidate) => candidate.etag === etag);
    if (same.length > 0) {
      this.set(key, same);
      return;
    }
    if (etag !== null)
      throw new Violation(`${key} of the expiring bucket names ${etag}, which was not written there last`);
    const mayExpire = this.offSince === null || this.offSince > seenAt;
    const gone = candidates.some(({ expires, sinceMs }) => expires && dueAfter(sinceMs, 1, dayMs) <= nowMs);
    if (!mayExpire || !gone) {
      throw new Violation(
        `${key} of the expiring bucket is gone, and nothing let it expire: ${JSON.stringify(candidates)}`,
      );
    }
    this.set(key, [{ etag: null, expires: false, sinceMs: 0 }]);
  }
}
