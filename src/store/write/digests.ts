import { type Checksum, createChecksum } from "../../erasure/checksum.ts";
import type { ErasureEngine } from "../../erasure/engine.ts";
import type { DigestName } from "../types.ts";

/**
 * The digests of one body, each computed once while it streams. The maker of a set ends it, by
 * `finish` or `release`. If a runtime drops the request before that, garbage collection returns its
 * memory.
 */
export class DigestSet {
  readonly #running: Map<DigestName, Checksum>;

  constructor(names: Iterable<DigestName>, engine: ErasureEngine) {
    this.#running = new Map([...new Set(names)].map((name) => [name, createChecksum(name, engine)]));
  }

  update(bytes: Uint8Array): void {
    for (const checksum of this.#running.values()) checksum.update(bytes);
  }

  /** Called once; ends the set. */
  finish(): Map<DigestName, Uint8Array> {
    return new Map([...this.#running].map(([name, checksum]) => [name, checksum.digest()]));
  }

  /** Ends the set of a body that failed. After the end it does nothing. */
  release(): void {
    for (const checksum of this.#running.values()) checksum.release?.();
  }
}
