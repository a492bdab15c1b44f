import type { Clock } from "../../../src/base/clock.ts";
import { KV_SETTLE_MS } from "../../../src/drives/kv.ts";

/**
 * A KV namespace as a reader far away sees it: what was absent when it was asked for stays absent for a minute, and what was
 * deleted stays there as long.
 */
export class LaggingKv {
  readonly values = new Map<string, { bytes: Uint8Array; metadata: unknown }>();
  readonly #clock: Clock;
  readonly #seen = new Map<string, { found: { bytes: Uint8Array; metadata: unknown } | null; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As the drive asks for it. */
  get namespace(): KVNamespace {
    return this as unknown as KVNamespace;
  }

  async put(key: string, value: ArrayBuffer, { metadata }: { metadata: unknown }): Promise<void> {
    this.values.set(key, { bytes: new Uint8Array(value.slice(0)), metadata });
  }

  async getWithMetadata(key: string) {
    const nowMs = this.#clock.now();
    let seen = this.#seen.get(key);
    if (!seen || seen.untilMs <= nowMs) {
      seen = { found: this.values.get(key) ?? null, untilMs: nowMs + KV_SETTLE_MS / 2 };
      this.#seen.set(key, seen);
    }
    if (!seen.found) return { value: null, metadata: null };
    const { bytes, metadata } = seen.found;
    return { value: new Blob([bytes.slice()]).stream(), metadata };
  }

  async delete(key: string): Promise<void> {
    this.values.delete(key);
  }

  async list({ prefix = "", limit, cursor = "" }: { prefix?: string; limit: number; cursor?: string }) {
    const names = [...this.values.keys()].filter((name) => name.startsWith(prefix) && name > cursor).sort();
    const keys = names.slice(0, limit).map((name) => ({ name, metadata: this.values.get(name)?.metadata }));
    const isComplete = names.length <= limit;
    return { keys, list_complete: isComplete, cursor: isComplete ? undefined : names[limit - 1] };
  }
}
