import { bufferedWriter } from "./buffered-writer.ts";
import {
  type ByteRange,
  type Drive,
  type DriveClass,
  DriveError,
  type DriveTraits,
  type ListOptions,
  type ShardPage,
  type ShardReader,
  type ShardWriter,
} from "./drive.ts";

/** A drive in this process's memory, for tests. Tests may read and change `shards`. */
export class MemoryDrive implements Drive {
  readonly name: string;
  readonly domain: string;
  readonly shardBytesMax: number;
  readonly class: DriveClass;
  /** Tests change it, as a new configuration would. */
  draining: boolean;
  readonly settleMs = 0;
  readonly shards = new Map<string, Uint8Array>();

  constructor(traits: Partial<DriveTraits> & { name: string }) {
    this.name = traits.name;
    this.domain = traits.domain ?? traits.name;
    this.shardBytesMax = traits.shardBytesMax ?? 5 * 1024 ** 3;
    this.class = traits.class ?? "both";
    this.draining = traits.draining ?? false;
  }

  put(key: string, sizeBytes: number): ShardWriter {
    const store = async (bytes: Uint8Array) => {
      this.shards.set(key, bytes);
    };
    return bufferedWriter({ drive: this.name, sizeBytes, store });
  }

  async get(key: string, range?: ByteRange): Promise<ShardReader | null> {
    const shard = this.shards.get(key);
    if (!shard) return null;
    const { offset, length } = range ?? { offset: 0, length: shard.length };
    if (offset + length > shard.length) {
      throw new DriveError(this.name, "short", `get of bytes ${offset}+${length} of a shard of ${shard.length}`);
    }
    return new MemoryReader(this.name, shard.subarray(offset, offset + length));
  }

  async head(key: string): Promise<{ sizeBytes: number } | null> {
    const shard = this.shards.get(key);
    return shard ? { sizeBytes: shard.length } : null;
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.shards.delete(key);
  }

  async list({ cursor = "", limit, prefix = "" }: ListOptions): Promise<ShardPage> {
    const after = [...this.shards.keys()].filter((key) => key > cursor && key.startsWith(prefix)).sort();
    const keys = after.slice(0, limit);
    const shards = keys.map((key) => ({ key, sizeBytes: this.shards.get(key)!.length }));
    return after.length > limit ? { shards, cursor: keys.at(-1)! } : { shards };
  }
}

class MemoryReader implements ShardReader {
  readonly #drive: string;
  #rest: Uint8Array;

  constructor(drive: string, bytes: Uint8Array) {
    this.#drive = drive;
    this.#rest = bytes;
  }

  async read(length: number): Promise<Uint8Array> {
    if (length > this.#rest.length) {
      throw new DriveError(this.#drive, "short", `read of ${length} bytes where ${this.#rest.length} are left`);
    }
    const bytes = this.#rest.slice(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }

  async cancel(): Promise<void> {
    this.#rest = this.#rest.subarray(0, 0);
  }
}
