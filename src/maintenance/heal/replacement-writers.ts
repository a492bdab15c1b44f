import { type Drive, DriveError, type ShardWriter } from "../../drives/drive.ts";
import { shardBytes } from "../../erasure/layout.ts";
import type { BlobRow, ShardPlace } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { newId } from "../../store/placement/ids.ts";
import { replacementKey } from "../../store/placement/shard-key.ts";
import { layoutOf } from "../check/check-shard.ts";

/** A shard to rewrite, and its drive. */
export interface ShardTarget {
  shard: number;
  drive: Drive;
}

interface Replacement extends ShardTarget {
  key: string;
  /** null once its drive failed. */
  writer: ShardWriter | null;
}

/**
 * Shards of a blob being rewritten, each under a new key: nothing that exists is touched. A failing
 * drive is dropped and the rest go on. No row names the shards before the caller has recorded them;
 * until then they are garbage.
 */
export class ReplacementWriters {
  readonly #replacements: Replacement[];

  constructor(store: StoreContext, blob: BlobRow, targets: readonly ShardTarget[]) {
    const sizeBytes = shardBytes(layoutOf(blob));
    this.#replacements = targets.map(({ shard, drive }) => {
      const key = replacementKey(blob.id, shard, newId(store));
      return { shard, drive, key, writer: drive.put(key, sizeBytes) };
    });
  }

  /** False once all drives have failed. */
  get isAlive(): boolean {
    return this.#replacements.some(({ writer }) => writer !== null);
  }

  /** All writers, including failed ones. */
  get shards(): number[] {
    return this.#replacements.map(({ shard }) => shard);
  }

  /** Drives that failed. */
  get failed(): string[] {
    return this.#replacements.filter(({ writer }) => !writer).map(({ drive }) => drive.name);
  }

  /** Writes the next piece of each shard; resolves when all are taken. */
  async write(pieceOf: (shard: number) => Uint8Array): Promise<void> {
    await this.#each((writer, shard) => writer.write(pieceOf(shard)));
  }

  /** Waits for every acknowledgement. Returns the places of the complete shards. */
  async close(): Promise<Map<number, ShardPlace & {}>> {
    await this.#each((writer) => writer.close());
    const written = this.#replacements.filter(({ writer }) => writer !== null);
    return new Map(written.map(({ shard, drive, key }) => [shard, [drive.name, key]]));
  }

  /** Aborts all. Never throws. */
  async abort(): Promise<void> {
    await Promise.all(this.#replacements.map(({ writer }) => writer?.abort()));
  }

  async #each(step: (writer: ShardWriter, shard: number) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#replacements.map(async (replacement) => {
        const { writer, shard } = replacement;
        if (!writer) return;
        try {
          await step(writer, shard);
        } catch (error) {
          if (!(error instanceof DriveError)) throw error;
          replacement.writer = null;
          await writer.abort();
        }
      }),
    );
  }
}
