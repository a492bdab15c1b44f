import type { ErasureEngine } from "../../erasure/engine.ts";
import type { Geometry } from "../../erasure/geometry.ts";
import { StoreError } from "../failure.ts";
import type { BlobSources } from "./blob-sources.ts";
import type { Blocks, FetchOptions, HedgedFrames } from "./hedged-frames.ts";

/**
 * Gets the blocks of stripes from any k shards: the wanted ones if they come, otherwise others,
 * from which the missing ones are rebuilt.
 */
export class StripeBlocks {
  readonly #engine: ErasureEngine;
  readonly #geometry: Geometry;
  readonly #sources: BlobSources;
  readonly #frames: HedgedFrames;

  constructor(engine: ErasureEngine, { k, m }: Geometry, sources: BlobSources, frames: HedgedFrames) {
    this.#engine = engine;
    this.#geometry = { k, m };
    this.#sources = sources;
    this.#frames = frames;
  }

  /**
   * All blocks of the stripe by shard; those in `wanted` are not null. Throws `StoreError`
   * drives-unavailable. `unverified`: if all wanted blocks come, their checks are left to the
   * caller; blocks are rebuilt only from verified ones.
   */
  async read(stripe: number, wanted: readonly number[], options: FetchOptions): Promise<Blocks> {
    const { k, m } = this.#geometry;
    const blocks: Blocks = Array.from({ length: k + m }, () => null);
    this.#frames.begin();
    const likely = wanted.filter((shard) => !this.#frames.isUnlikely(shard));
    await this.#frames.fetch(stripe, likely, blocks, options);
    if (wanted.every((shard) => blocks[shard] !== null)) return blocks;
    if (options.unverified) this.#dropDamaged(stripe, blocks);
    await this.#fetchOthers(stripe, blocks, options.spares);
    const lacking = wanted.filter((shard) => blocks[shard] === null);
    const rebuilt = this.#engine.reconstruct(this.#geometry, blocks, lacking);
    lacking.forEach((shard, index) => {
      blocks[shard] = rebuilt[index] as Uint8Array;
    });
    return blocks;
  }

  #dropDamaged(stripe: number, blocks: Blocks): void {
    blocks.forEach((block, shard) => {
      if (block !== null && !this.#sources.at(shard)?.isIntact(stripe, block)) blocks[shard] = null;
    });
  }

  /** Fetches as many further shards at a time as are missing, until any k blocks are there. */
  async #fetchOthers(stripe: number, blocks: Blocks, spares: ArrayBufferLike[]): Promise<void> {
    const { k } = this.#geometry;
    const asked = new Set([...blocks.flatMap((block, shard) => (block ? [shard] : [])), ...this.#frames.overdue]);
    for (;;) {
      const needed = k - blocks.filter((block) => block !== null).length;
      if (needed <= 0) return;
      const next = this.#inOrder(this.#sources.spares(asked)).slice(0, needed);
      for (const shard of next) asked.add(shard);
      if (next.length > 0) await this.#frames.fetch(stripe, next, blocks, { spares, unverified: false });
      else if (!(await this.#frames.awaitOverdue(stripe, blocks)) && !this.#askOnceMore(asked)) {
        const why = this.#sources.reasons;
        throw new StoreError({ kind: "drives-unavailable", needed: k, available: k - needed, why });
      }
    }
  }

  #inOrder(shards: readonly number[]): number[] {
    const unlikely = shards.filter((shard) => this.#frames.isUnlikely(shard));
    return [...shards.filter((shard) => !unlikely.includes(shard)), ...unlikely];
  }

  /** Before a read is refused, every unavailable shard is asked once more. False if each was. */
  #askOnceMore(asked: Set<number>): boolean {
    const again = this.#sources.askOnceMore();
    for (const shard of again) asked.delete(shard);
    return again.length > 0;
  }
}
