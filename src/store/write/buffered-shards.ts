import type { Allowance, ByteBudget } from "../../base/byte-budget.ts";
import type { Clock } from "../../base/clock.ts";
import { type Drive, DriveError, type ShardWriter } from "../../drives/drive.ts";
import type { ErasureEngine } from "../../erasure/engine.ts";
import { type BlobLayout, shardBytes } from "../../erasure/layout.ts";
import type { ShardPlace } from "../../metadata/rows.ts";
import type { KeyOf } from "../placement/shard-key.ts";
import { PUTS_AT_ONCE } from "./blob-layouts.ts";
import { requireQuorum, shardHeaders } from "./shard-set.ts";

export interface BufferedBlob {
  engine: ErasureEngine;
  id: string;
  layout: BlobLayout;
  /** The drives of the shards, chosen when they are put: then it is known which have failed. */
  place(): Drive[];
  /** Drives that failed while the body was written: none of them is asked again. */
  failedDrives: Set<string>;
  keyOf: KeyOf;
}

/**
 * The k+m shards of one blob, kept in memory until the blob is complete, then put a few at a time.
 * This is for geometries that are too wide to stream. A failing drive is dropped and the rest go
 * on. The memory is limited for all blobs of the isolate together. It is taken before anything else
 * that others may wait for, so its holder can always finish.
 */
export class BufferedShards {
  readonly #blob: BufferedBlob;
  readonly #allowance: Allowance;
  readonly #shards: Uint8Array[];
  readonly #failures: DriveError[] = [];
  /** The puts under way. */
  readonly #writers = new Set<ShardWriter>();
  #filledBytes = 0;
  #isAborted = false;

  private constructor(blob: BufferedBlob, allowance: Allowance) {
    this.#blob = blob;
    this.#allowance = allowance;
    const { k, m } = blob.layout;
    this.#shards = Array.from({ length: k + m }, () => new Uint8Array(shardBytes(blob.layout)));
  }

  /** Waits for the memory, which blobs of silent clients must release. */
  static async open(budget: ByteBudget, blob: BufferedBlob, clock: Clock): Promise<BufferedShards> {
    const { k, m } = blob.layout;
    const shards = new BufferedShards(blob, await budget.take((k + m) * shardBytes(blob.layout), clock));
    await shards.write(shardHeaders(blob.engine, blob.id, blob.layout));
    return shards;
  }

  /** The memory that is held. */
  get allowance(): Allowance {
    return this.#allowance;
  }

  /** Copies piece i to the end of shard i. */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    pieces.forEach((piece, shard) => {
      (this.#shards[shard] as Uint8Array).set(piece, this.#filledBytes);
    });
    this.#filledBytes += (pieces[0] as Uint8Array).length;
  }

  /**
   * Step 5: puts the shards and waits for every acknowledgement. Returns their places; null: the
   * shard is missing. Throws `StoreError` drives-unavailable if too few were acknowledged.
   */
  async close(): Promise<ShardPlace[]> {
    const drives = this.#blob.place();
    const places: ShardPlace[] = drives.map(() => null);
    const waiting = drives.map((drive, shard) => ({ drive, shard }));
    const putOneAfterAnother = async () => {
      for (let next = waiting.shift(); next && !this.#isAborted; next = waiting.shift()) {
        places[next.shard] = await this.#put(next.drive, next.shard);
      }
    };
    try {
      await Promise.all(Array.from({ length: PUTS_AT_ONCE }, putOneAfterAnother));
    } finally {
      this.#allowance.release();
    }
    requireQuorum(this.#blob.layout, places.filter((place) => place !== null).length, this.#failures);
    return places;
  }

  /** Aborts everything that is not acknowledged yet. Never throws. */
  async abort(): Promise<void> {
    this.#isAborted = true;
    await Promise.all([...this.#writers].map((writer) => writer.abort()));
    this.#allowance.release();
  }

  async #put(drive: Drive, shard: number): Promise<ShardPlace> {
    const { id, failedDrives, keyOf } = this.#blob;
    if (failedDrives.has(drive.name)) return null;
    const key = keyOf(id, shard);
    const bytes = this.#shards[shard] as Uint8Array;
    const writer = drive.put(key, bytes.length);
    this.#writers.add(writer);
    try {
      await writer.write(bytes);
      await writer.close();
      return [drive.name, key];
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      this.#failures.push(error);
      failedDrives.add(drive.name);
      await writer.abort();
      return null;
    } finally {
      this.#writers.delete(writer);
    }
  }
}
