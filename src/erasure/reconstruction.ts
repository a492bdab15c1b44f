import { strict as assert } from "node:assert";
import { invertMatrix, parityFactor } from "./galois.ts";
import type { Geometry } from "./geometry.ts";
import type { KernelInstance } from "./kernel.ts";

/** How missing shards of a stripe are computed from those that are there. Indices are shards' unless said otherwise. */
export interface ReconstructionPlan {
  /** Shards that are read: every data shard that is there and one parity shard for each lost data shard, or nothing. */
  readonly sources: number[];
  /** Data shards to solve for. */
  readonly lost: number[];
  /** Parity rows (0 to m-1) that are solved, as many as `lost`. */
  readonly syndromeRows: number[];
  /** Takes the syndromes of `syndromeRows` to the shards `lost`. */
  readonly matrix: number[][];
  /** Parity rows to compute afterwards from all data shards. */
  readonly rows: number[];
}

/** Plans the reconstruction of `wanted`. Throws if fewer than k shards are there and something wanted is missing. */
export function planReconstruction(
  { k, m }: Geometry,
  present: readonly boolean[],
  wanted: readonly number[],
): ReconstructionPlan {
  const missing = wanted.filter((shard) => !present[shard]);
  const nothing: ReconstructionPlan = { sources: [], lost: [], syndromeRows: [], matrix: [], rows: [] };
  if (missing.length === 0) return nothing;
  const data = Array.from({ length: k }, (_, shard) => shard);
  const lost = data.filter((shard) => !present[shard]);
  const rowsPresent = Array.from({ length: m }, (_, row) => row).filter((row) => present[k + row]);
  assert.ok(rowsPresent.length >= lost.length, "fewer than k shards are there");
  const syndromeRows = rowsPresent.slice(0, lost.length);
  const matrix = invertMatrix(syndromeRows.map((row) => lost.map((shard) => parityFactor(row, shard))));
  assert.ok(matrix !== null, "the code is not maximum-distance separable");
  const sources = [...data.filter((shard) => present[shard]), ...syndromeRows.map((row) => k + row)];
  const rows = [...new Set(missing.filter((shard) => shard >= k).map((shard) => shard - k))];
  return { sources, lost, syndromeRows, matrix, rows };
}

/** A stripe to reconstruct; see `ErasureEngine.reconstruct`. */
export interface ReconstructionWork {
  readonly geometry: Geometry;
  readonly plan: ReconstructionPlan;
  readonly blockBytes: number;
  /** Puts a source's block at `address`. Another block than the source's own may have lain there. */
  place(shard: number, address: number): void;
}

/** Runs a plan in the stripe slot at `base`. Returns the addresses of missing shards' blocks, valid until the slot is used again. */
export function runReconstruction(
  instance: KernelInstance,
  base: number,
  { geometry: { k, m }, plan, blockBytes, place }: ReconstructionWork,
): (shard: number) => number {
  const { kernel, memory } = instance;
  const strideBytes = kernel.frameStride(k + m);
  const addressOf = (shard: number) => base + shard * strideBytes;
  // A stripe with the first parity block in the only lost shard's place has that shard for its first parity block.
  const isPlainSum = plan.lost.length === 1 && plan.syndromeRows[0] === 0 && plan.rows.length === 0;
  const placeOf = (shard: number) => (isPlainSum && shard === k ? (plan.lost[0] as number) : shard);
  for (const shard of plan.sources) place(shard, addressOf(placeOf(shard)));
  if (isPlainSum) {
    kernel.row(0, k, m, base, blockBytes);
    return () => addressOf(k);
  }
  if (plan.lost.length > 0) {
    const words = new Uint32Array(memory.buffer, kernel.PLAN.value as number, 24);
    words.set(plan.lost, 0);
    words.set(plan.syndromeRows, 4);
    words.set(plan.matrix.flat(), 8);
    kernel.solve(k, m, base, blockBytes, plan.lost.length);
  }
  for (const row of plan.rows) kernel.row(row, k, m, base, blockBytes);
  return addressOf;
}
