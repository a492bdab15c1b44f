import { type Drive, DriveError, type ShardWriter } from "../../drives/drive.ts";
import type { ErasureEngine } from "../../erasure/engine.ts";
import { type BlobLayout, shardBytes } from "../../erasure/layout.ts";
import { encodeShardHeader } from "../../erasure/shard-header.ts";
import type { ShardPlace } from "../../metadata/rows.ts";
import { StoreError, withoutDrive } from "../failure.ts";
import { idBytes } from "../placement/ids.ts";
import { type KeyOf, shardKey } from "../placement/shard-key.ts";

interface Shard {
  drive: Drive;
  key: string;
  /** null once its drive was dropped. */
  writer: ShardWriter | null;
}

/**
 * The k+m shards of one blob while they are written, all in parallel. A failing drive is dropped
 * and the rest go on, as long as enough are left to survive one more loss. Until `close` resolves,
 * nothing of the blob is visible.
 */
export class ShardSet {
  readonly #shards: Shard[];
  readonly #layout: BlobLayout;
  readonly #failures: DriveError[] = [];

  private constructor(shards: Shard[], layout: BlobLayout) {
    this.#shards = shards;
    this.#layout = layout;
  }

  /** Step 3: begins a shard of known length on each drive and writes its header. */
  static async open(
    engine: ErasureEngine,
    blobId: string,
    layout: BlobLayout,
    { drives, keyOf = shardKey }: { drives: readonly Drive[]; keyOf?: KeyOf | undefined },
  ): Promise<ShardSet> {
    const sizeBytes = shardBytes(layout);
    const shards = drives.map((drive, shard) => {
      const key = keyOf(blobId, shard);
      return { drive, key, writer: drive.put(key, sizeBytes) };
    });
    const set = new ShardSet(shards, layout);
    try {
      await set.write(shardHeaders(engine, blobId, layout));
    } catch (error) {
      await set.abort();
      throw error;
    }
    return set;
  }

  /** Writes piece i to shard i and resolves when all are taken: the pieces' memory is free again. */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    await this.#each((writer, shard) => writer.write(pieces[shard] as Uint8Array));
  }

  /**
   * Step 5: waits for every acknowledgement. Returns the places of the shards; null: the shard is
   * missing.
   */
  async close(): Promise<ShardPlace[]> {
    await this.#each((writer) => writer.close());
    return this.#shards.map(({ writer, drive, key }) => (writer ? [drive.name, key] : null));
  }

  /** Aborts all shards. Never throws. */
  async abort(): Promise<void> {
    await Promise.all(this.#shards.map(({ writer }) => writer?.abort()));
  }

  async #each(step: (writer: ShardWriter, shard: number) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#shards.map(async (shard, index) => {
        const { writer } = shard;
        if (!writer) return;
        try {
          await step(writer, index);
        } catch (error) {
          if (!(error instanceof DriveError)) throw error;
          this.#failures.push(error);
          shard.writer = null;
          await writer.abort();
        }
      }),
    );
    requireQuorum(this.#layout, this.#shards.filter(({ writer }) => writer !== null).length, this.#failures);
  }
}

/** The headers of a blob's shards, in their order. */
export function shardHeaders(engine: ErasureEngine, blobId: string, layout: BlobLayout): Uint8Array[] {
  const { k, m, blockBytes, blobBytes } = layout;
  const header = { k, m, blockBytes, blobBytes, blobId: idBytes(blobId) };
  return Array.from({ length: k + m }, (_, shard) =>
    encodeShardHeader({ ...header, shard }, (bytes) => engine.crc64nvme(bytes)),
  );
}

/**
 * Throws `StoreError` drives-unavailable unless enough shards are good to survive one more loss:
 * any k rebuild the blob, and one more makes up for a drive that is lost right after the answer.
 */
export function requireQuorum({ k, m }: BlobLayout, available: number, failures: readonly DriveError[]): void {
  const needed = m === 0 ? k : k + 1;
  if (available >= needed) return;
  const why = failures.map(({ drive, message }) => ({ drive, reason: withoutDrive(drive, message) }));
  throw new StoreError({ kind: "drives-unavailable", needed, available, why });
}
