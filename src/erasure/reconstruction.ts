import { strict as assert } from "node:assert";
import { invertMatrix, parityFactor } from "./galois.ts";
import type { Geometry } from "./geometry.ts";

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

/** True if all that is to be computed is one data shard, as the XOR of the other data shards and the first parity shard. */
export function isPlainSum({ lost, syndromeRows, rows }: ReconstructionPlan): boolean {
  return lost.length === 1 && syndromeRows[0] === 0 && rows.length === 0;
}
