import { bufferedWriter } from "./buffered-writer.ts";
import {
  type ByteRange,
  type Drive,
  type DriveClass,
  DriveError,
  type DriveFault,
  type DriveTraits,
  type ListOptions,
  type ShardPage,
  type ShardReader,
  type ShardWriter,
} from "./drive.ts";
import { CALLS_AT_ONCE } from "./limits.ts";
import { streamReader } from "./stream-reader.ts";

/** Largest value of Workers KV. */
export const KV_VALUE_BYTES_MAX = 25 * 1024 * 1024;

/**
 * How long KV may wrongly report a key as absent. Elsewhere a write shows after 60 seconds "or
 * more", and an absent answer is itself cached for as long; twice that is assumed here.
 */
export const KV_SETTLE_MS = 120_000;

/** How much of a value is read at once to skip bytes before a range. */
const SKIP_BYTES = 256 * 1024;

/** Stored beside each value: KV reports no sizes. */
interface ValueMetadata {
  sizeBytes: number;
}

/**
 * A Workers KV namespace: one value per shard, so `shardBytesMax` is at most 25 MiB. For small
 * shards only. KV has no ranged reads, so a range costs the reading of all bytes before it. A shard
 * being written is kept in memory, because the simulated KV stores the beginning of an aborted
 * stream.
 *
 * Nothing here reads a key before writing it: the absence would be cached and hide the shard for a
 * minute.
 */
export class KvDrive implements Drive {
  readonly name: string;
  readonly domain: string;
  readonly shardBytesMax: number;
  readonly class: DriveClass;
  readonly draining: boolean;
  readonly settleMs = KV_SETTLE_MS;
  readonly #namespace: KVNamespace;

  constructor(traits: DriveTraits, namespace: KVNamespace) {
    this.name = traits.name;
    this.domain = traits.domain;
    this.shardBytesMax = Math.min(traits.shardBytesMax, KV_VALUE_BYTES_MAX);
    this.class = traits.class;
    this.draining = traits.draining ?? false;
    this.#namespace = namespace;
  }

  put(key: string, sizeBytes: number): ShardWriter {
    const metadata: ValueMetadata = { sizeBytes };
    const store = (bytes: Uint8Array<ArrayBuffer>) =>
      this.#call("put", () => this.#namespace.put(key, bytes.buffer, { metadata }));
    return bufferedWriter({ drive: this.name, sizeBytes, store });
  }

  async get(key: string, range?: ByteRange): Promise<ShardReader | null> {
    const { value, sizeBytes } = await this.#open(key);
    if (value === null) return null;
    const { offset, length } = range ?? { offset: 0, length: sizeBytes };
    if (offset + length > sizeBytes) {
      await value.cancel();
      throw new DriveError(this.name, "short", `get of bytes ${offset}+${length} of a shard of ${sizeBytes}`);
    }
    const reader = streamReader({ drive: this.name, stream: value, lengthBytes: offset + length });
    for (let left = offset; left > 0; left -= SKIP_BYTES) await reader.read(Math.min(left, SKIP_BYTES));
    return reader;
  }

  async head(key: string): Promise<{ sizeBytes: number } | null> {
    const { value, sizeBytes } = await this.#open(key);
    await value?.cancel();
    return value && { sizeBytes };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += CALLS_AT_ONCE) {
      const some = keys.slice(at, at + CALLS_AT_ONCE);
      await Promise.all(some.map((key) => this.#call("delete", () => this.#namespace.delete(key))));
    }
  }

  async list(options: ListOptions): Promise<ShardPage> {
    const page = await this.#call("list", () => this.#namespace.list<ValueMetadata>(options));
    const shards: ShardPage["shards"] = [];
    for (const { name, metadata } of page.keys) {
      // Without a size it is not one of our values.
      if (metadata) shards.push({ key: name, sizeBytes: metadata.sizeBytes });
    }
    return page.list_complete ? { shards } : { shards, cursor: page.cursor };
  }

  async #open(key: string): Promise<{ value: ReadableStream<Uint8Array> | null; sizeBytes: number }> {
    const found = await this.#call("get", () => this.#namespace.getWithMetadata<ValueMetadata>(key, "stream"));
    const value = found.value as ReadableStream<Uint8Array> | null;
    if (value === null || found.metadata) return { value, sizeBytes: found.metadata?.sizeBytes ?? 0 };
    await value.cancel();
    throw new DriveError(this.name, "refused", "get found a value without a size, which no drive wrote");
  }

  async #call<T>(call: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw new DriveError(this.name, faultOf(cause), `${call} failed: ${String(cause)}`, { cause });
    }
  }
}

/** KV's errors carry an HTTP status: "KV PUT failed: 429 Too Many Requests". */
function faultOf(cause: unknown): DriveFault {
  const status = Number(/failed: (\d{3})/.exec(cause instanceof Error ? cause.message : "")?.[1]);
  if (status === 429 || status === 503) return "throttled";
  return status >= 400 && status < 500 ? "refused" : "unknown";
}
