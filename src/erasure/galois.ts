import { strict as assert } from "node:assert";

// GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11d), generator alpha = x. One symbol at a time: for matrices, not for data.

const POWERS = new Uint8Array(255);
const LOGARITHMS = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  POWERS[exponent] = value;
  LOGARITHMS[value] = exponent;
  value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
}

/** alpha to the power `exponent`, which may be negative. */
function alphaPower(exponent: number): number {
  return POWERS[((exponent % 255) + 255) % 255] as number;
}

/** Product in GF(2^8). */
function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : alphaPower((LOGARITHMS[a] as number) + (LOGARITHMS[b] as number));
}

/** Inverse in GF(2^8) of `a`, not 0. */
function inverse(a: number): number {
  assert.ok(a !== 0);
  return alphaPower(-(LOGARITHMS[a] as number));
}

/** Parity row `row` is the sum over data shards i of alpha^(PARITY_EXPONENTS[row] * i) times shard i. */
const PARITY_EXPONENTS = [0, 1, -1, 2] as const;

/** The factor of data shard `shard` in parity row `row`. */
export function parityFactor(row: number, shard: number): number {
  return alphaPower((PARITY_EXPONENTS[row] as number) * shard);
}

/** Inverse of a square matrix over GF(2^8) by Gauss–Jordan elimination, or null if it is singular. */
export function invertMatrix(matrix: readonly (readonly number[])[]): number[][] | null {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && row[column] !== 0);
    if (pivot < 0) return null;
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    const pivotRow = rows[column] as number[];
    const scale = inverse(pivotRow[column] as number);
    for (let j = 0; j < 2 * size; j++) pivotRow[j] = multiply(pivotRow[j] as number, scale);
    for (const row of rows) {
      const factor = row[column] as number;
      if (row === pivotRow || factor === 0) continue;
      for (let j = 0; j < 2 * size; j++) row[j] = (row[j] as number) ^ multiply(factor, pivotRow[j] as number);
    }
  }
  return rows.map((row) => row.slice(size));
}
