import { type Change, Violation } from "./oracle.ts";

/** Contents of a message that a consumer got. */
interface Announced {
  /** `bucket/key`, as the oracle has it. */
  name: string;
  event: string;
  /** Null for a removal. */
  etag: string | null;
}

/**
 * All changes that clients asked for since the last rest, and all messages of consumers. At the
 * rest the two must agree: every acknowledged change was announced as often as it happened, and
 * nothing was announced that cannot have happened.
 */
export class Announcements {
  readonly #changes = new Map<string, Change[]>();
  /** By sequencer: a message that comes twice counts once. */
  readonly #announced = new Map<string, Announced>();
  readonly #versioned: ReadonlySet<string>;

  /** `versioned`: buckets in which every deletion leaves a marker. */
  constructor(versioned: ReadonlySet<string>) {
    this.#versioned = versioned;
  }

  /** A client asks for a change. Its outcome is filled in later. */
  asked(name: string, change: Change): void {
    this.#changes.set(name, [...(this.#changes.get(name) ?? []), change]);
  }

  /** A consumer got a message. */
  received(body: string): void {
    for (const { eventName, s3 } of JSON.parse(body).Records) {
      const { key, eTag = null, sequencer } = s3.object;
      const name = `${s3.bucket.name}/${decodeURIComponent(key)}`;
      this.#announced.set(`${s3.bucket.name} ${sequencer}`, {
        ...{ name, etag: eTag },
        event: "versionId" in s3.object && eventName === "ObjectRemoved:Delete" ? "version removed" : eventName,
      });
    }
  }

  get size(): number {
    return this.#announced.size;
  }

  /**
   * Throws a `Violation` unless the announcements match the changes. Call it when no message is on
   * its way, and no operation is under way.
   */
  audit(): void {
    const counts = new Map<string, number>();
    for (const { name, event, etag } of this.#announced.values()) {
      if (!/^Object(Created|Removed):/.test(event)) continue;
      const what = sayingOf(name, event.startsWith("ObjectCreated:") ? etag : null);
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    for (const [name, changes] of this.#changes) {
      for (const etag of new Set(changes.map((change) => change.etag))) {
        const same = changes.filter((change) => change.etag === etag && change.outcome !== "refused");
        const least = same.filter((change) => change.outcome === "done" && this.#mustBeTold(name, change)).length;
        const what = sayingOf(name, etag);
        const told = counts.get(what) ?? 0;
        counts.delete(what);
        if (told < least) throw new Violation(`${what}: happened ${least} times, announced ${told} times`);
        if (told > same.length) throw new Violation(`${what}: asked for ${same.length} times, announced ${told} times`);
      }
    }
    for (const what of counts.keys()) throw new Violation(`${what}: announced, and nobody asked for it`);
  }

  /** A new beginning: earlier changes, audited or not, no longer count. */
  forget(): void {
    this.#changes.clear();
    this.#announced.clear();
  }

  /** Deleting what does not exist is announced only if it leaves a marker. */
  #mustBeTold(name: string, change: Change): boolean {
    if (change.etag !== null || this.#versioned.has(name.slice(0, name.indexOf("/")))) return true;
    const others = (this.#changes.get(name) ?? []).filter((other) => other !== change && other.outcome !== "refused");
    // Surely there: written before, and no other deletion between.
    return others.some(
      ({ etag, outcome, beganAt, endedAt }) =>
        etag !== null &&
        outcome === "done" &&
        endedAt < change.beganAt &&
        !others.some((other) => other.etag === null && other.beganAt < change.endedAt && other.endedAt > beganAt),
    );
  }
}

function sayingOf(name: string, etag: string | null): string {
  return etag === null ? `${name} removed` : `${name} with ${etag}`;
}
