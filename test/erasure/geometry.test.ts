import { describe, expect, test } from "vitest";
import { invertMatrix, parityFactor } from "../../src/erasure/galois.ts";
import {
  assertGeometry,
  BLOCK_BYTES_MAX,
  blockBytesFor,
  isGeometry,
  largestBlockBytes,
  STRIPE_SLOT_BYTES,
} from "../../src/erasure/geometry.ts";
import { factor, times } from "./reference.ts";
import { subsets } from "./samples.ts";

const SUPPORTED = Array.from({ length: 16 }, (_, i) => i + 1).flatMap((k) => [0, 1, 2, 3, 4].map((m) => ({ k, m })));

test("geometries that are supported and such that are not", () => {
  for (const geometry of SUPPORTED) expect(isGeometry(geometry)).toBe(true);
  for (const [k, m] of [
    [0, 2],
    [17, 2],
    [4, 5],
    [4, -1],
    [4.5, 2],
    [4, Number.NaN],
  ] as [number, number][]) {
    expect(isGeometry({ k, m })).toBe(false);
    expect(() => assertGeometry({ k, m })).toThrow("not supported");
  }
});

describe("block sizes", () => {
  test.each(SUPPORTED)("$k+$m: multiples of 128 that fit the slot", ({ k, m }) => {
    const largest = largestBlockBytes({ k, m });
    expect(largest % 128).toBe(0);
    expect((k + m) * (largest + 128)).toBeLessThanOrEqual(STRIPE_SLOT_BYTES);
    const isWhole = largest === BLOCK_BYTES_MAX;
    if (!isWhole) expect((k + m) * (largest + 256)).toBeGreaterThan(STRIPE_SLOT_BYTES);
    expect(blockBytesFor({ k, m }, 10 * k * largest)).toBe(largest);
  });

  test("4+2 keeps 256 KiB, 16+4 takes what fits", () => {
    expect(largestBlockBytes({ k: 4, m: 2 })).toBe(262_144);
    expect(largestBlockBytes({ k: 16, m: 4 })).toBe(104_704);
  });

  test("a blob under one stripe gets just the block that holds it", () => {
    const sizes: [blobBytes: number, blockBytes: number][] = [
      [0, 128],
      [1, 128],
      [512, 128],
      [513, 256],
      [100_000, 25_088],
      [4 * 262_144, 262_144],
      [4 * 262_144 + 1, 262_144],
    ];
    for (const [blobBytes, blockBytes] of sizes) expect(blockBytesFor({ k: 4, m: 2 }, blobBytes)).toBe(blockBytes);
  });
});

/** Determinant-free test of singularity over GF(2^8), with the reference's arithmetic only. */
function isSingular(matrix: readonly (readonly number[])[]): boolean {
  const rows = matrix.map((row) => [...row]);
  for (let column = 0; column < rows.length; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && row[column] !== 0);
    if (pivot < 0) return true;
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    const head = rows[column] as number[];
    for (const row of rows.slice(column + 1)) {
      const [own, other] = [row[column] as number, head[column] as number];
      for (let j = column; j < row.length; j++) {
        row[j] = times(row[j] as number, other) ^ times(head[j] as number, own);
      }
    }
  }
  return false;
}

describe("maximum-distance separable over every erasure pattern", () => {
  // Losing data shards D and using parity rows R of the same number is solvable if and only if the matrix R by D is invertible,
  // so all patterns are covered by all square submatrices. Those of k = 16 contain those of smaller k.
  test.each([1, 2, 3, 4])("every square submatrix of size %i", (size) => {
    for (const rows of subsets(4, size))
      for (const lost of subsets(16, size)) {
        const matrix = rows.map((row) => lost.map((shard) => factor(row, shard)));
        if (isSingular(matrix)) throw new Error(`rows ${rows} cannot rebuild shards ${lost}`);
        expect(matrix).toEqual(rows.map((row) => lost.map((shard) => parityFactor(row, shard))));
      }
  });

  test("the limits are real: m = 4 fails at k = 22", () => {
    const fails = [...subsets(4, 3), ...subsets(4, 4)].some((rows) =>
      [...subsets(22, rows.length)].some((lost) =>
        isSingular(rows.map((row) => lost.map((shard) => factor(row, shard)))),
      ),
    );
    expect(fails).toBe(true);
  });

  test("inverses are inverses", () => {
    for (const lost of subsets(16, 4)) {
      const matrix = [0, 1, 2, 3].map((row) => lost.map((shard) => parityFactor(row, shard)));
      const inverse = invertMatrix(matrix) as number[][];
      const cell = (i: number, j: number) =>
        matrix.reduce((sum, row, l) => sum ^ times(inverse[i]?.[l] as number, row[j] as number), 0);
      const product = lost.map((_, i) => lost.map((_, j) => cell(i, j)));
      expect(product).toEqual(lost.map((_, i) => lost.map((_, j) => (i === j ? 1 : 0))));
    }
    expect(
      invertMatrix([
        [1, 2],
        [2, 4],
      ]),
    ).toBeNull();
  });
});
