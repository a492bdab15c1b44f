import { createHash } from "node:crypto";

/** A change of one key that a client asked for: to an object with this ETag, or to nothing (null). */
export interface Change {
  etag: string | null;
  beganAt: number;
  /** When it was answered, or abandoned; Infinity while it is under way. */
  endedAt: number;
  /** Whether it took effect: yes, no, or unknown (its answer was lost, its process crashed). */
  outcome: "done" | "refused" | "unknown" | "under way";
}

export class Violation extends Error {}

/**
 * The model of the run. It knows every body by its ETag, and all changes of every key with when
 * they began and ended, counted in events. The result of a read must follow from some order of the
 * changes, each taking effect between its beginning and its end.
 */
export class Oracle {
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #changes = new Map<string, Change[]>();
  readonly #premised = new Map<string, { premise: string | null; won: Change }[]>();
  #events = 0;
  readonly #began: (key: string, change: Change) => void;

  /** `began` is called for every change when it begins. Its outcome is filled in later. */
  constructor(began: (key: string, change: Change) => void = () => {}) {
    this.#began = began;
  }

  /** The present, as a number that grows. */
  tick(): number {
    return ++this.#events;
  }

  /** Registers a body; no two are the same. Returns its MD5, the ETag of an object that is made of it alone. */
  body(bytes: Uint8Array): string {
    const etag = createHash("md5").update(bytes).digest("hex");
    this.know(etag, bytes);
    return etag;
  }

  know(etag: string, bytes: Uint8Array): void {
    this.#bodies.set(etag, bytes);
  }

  bytesOf(etag: string): Uint8Array | undefined {
    return this.#bodies.get(etag);
  }

  begin(key: string, etag: string | null): Change {
    const change: Change = { etag, beganAt: this.tick(), endedAt: Number.POSITIVE_INFINITY, outcome: "under way" };
    const changes = this.#changes.get(key) ?? [];
    changes.push(change);
    this.#changes.set(key, changes);
    this.#began(key, change);
    return change;
  }

  end(change: Change, outcome: "done" | "refused" | "unknown"): void {
    change.endedAt = this.tick();
    change.outcome = outcome;
  }

  /** All keys that were ever changed. */
  get keys(): string[] {
    return [...this.#changes.keys()];
  }

  /**
   * Checks the result of a read that began at `beganAt` and ends now: an ETag, or null for nothing.
   */
  checkRead(key: string, etag: string | null, beganAt: number): void {
    const possible = this.possible(key, beganAt);
    if (possible.has(etag)) return;
    const expected = [...possible].map(String).join(", ");
    throw new Violation(`${key}: read ${etag}, but only ${expected} can be there`);
  }

  /** Possible results of a read that began at `beganAt` and ends now. */
  possible(key: string, beganAt: number): Set<string | null> {
    const changes = (this.#changes.get(key) ?? []).filter(({ outcome }) => outcome !== "refused");
    // Surely in effect before the read, and not the last such: whatever ended before one of those began is overwritten.
    const settled = changes.filter(({ outcome, endedAt }) => outcome === "done" && endedAt < beganAt);
    const horizon = Math.max(0, ...settled.map((change) => change.beganAt));
    const possible = changes.filter((change) => change.endedAt >= horizon || change.beganAt >= horizon);
    const etags = new Set<string | null>(possible.map((change) => change.etag));
    if (settled.length === 0) etags.add(null);
    return etags;
  }

  /**
   * Checks a change that was possible only from its premise (an ETag, or null for nothing) and left
   * something else: between two such changes of one premise, another change must have restored it.
   */
  checkPremise(key: string, won: Change, premise: string | null): void {
    const others = this.#premised.get(key) ?? [];
    const restoring = (this.#changes.get(key) ?? []).filter(
      ({ etag, outcome }) => etag === premise && outcome !== "refused",
    );
    for (const other of others) {
      if (other.premise !== premise) continue;
      const beganAt = Math.min(won.beganAt, other.won.beganAt);
      const endedAt = Math.max(won.endedAt, other.won.endedAt);
      if (restoring.some((change) => change.beganAt < endedAt && change.endedAt > beganAt)) continue;
      throw new Violation(`${key}: two changes were made of ${premise}, to ${other.won.etag} and to ${won.etag}`);
    }
    this.#premised.set(key, [...others, { premise, won }]);
  }

  /** Checks bytes that were read of an object with this ETag. */
  checkBytes(key: string, etag: string, offset: number, bytes: Uint8Array): void {
    const expected = this.#bodies.get(etag);
    if (!expected) throw new Violation(`${key}: an object with the ETag ${etag} was never written`);
    if (Buffer.compare(expected.subarray(offset, offset + bytes.length), bytes) !== 0) {
      throw new Violation(`${key}: wrong bytes of ${etag} from ${offset}`);
    }
  }

  /**
   * Drops facts that no later read can see, so that long runs stay small. Call it while nothing is
   * under way.
   */
  forgetPast(key: string): void {
    const changes = this.#changes.get(key) ?? [];
    const now = this.tick();
    this.#premised.delete(key);
    const possible = this.possible(key, now);
    this.#changes.set(
      key,
      changes.filter((change) => possible.has(change.etag) || change.endedAt === Number.POSITIVE_INFINITY),
    );
  }

  /** From now on this is there. Call it while nothing is under way. */
  reset(key: string, etag: string | null): void {
    this.forget(key);
    this.end(this.begin(key, etag), "done");
  }

  /** Drops all that is known of a key. */
  forget(key: string): void {
    this.#changes.delete(key);
    this.#premised.delete(key);
  }

  /** Drops all bodies but those of which a key may be made and those in `alsoKept`. Call it while nothing is under way. */
  forgetBodies(alsoKept: ReadonlySet<string>): void {
    const kept = new Set([...this.#changes.values()].flatMap((changes) => changes.map(({ etag }) => etag)));
    for (const etag of this.#bodies.keys()) if (!kept.has(etag) && !alsoKept.has(etag)) this.#bodies.delete(etag);
  }
}
