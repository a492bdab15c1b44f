import type { Geometry } from "../../src/erasure/geometry.ts";

/** The geometries with code of their own in the kernel. */
export const SPECIALISED: readonly Geometry[] = [
  { k: 1, m: 2 },
  { k: 2, m: 1 },
  { k: 2, m: 2 },
  { k: 3, m: 2 },
  { k: 4, m: 2 },
  { k: 6, m: 3 },
  { k: 8, m: 4 },
  { k: 10, m: 4 },
  { k: 16, m: 4 },
];

export const BLOB_ID = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 - i);

/** The same bytes for the same arguments, without visible pattern. */
export function pseudoRandom(bytes: number, seed: number): Uint8Array {
  let state = (seed * 2 + 1) | 0;
  return Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state >>> 11) & 0xff;
  });
}

/** All ways to choose `size` of the numbers 0 to n-1, ascending. */
export function* subsets(n: number, size: number, from = 0): Generator<number[]> {
  if (size === 0) yield [];
  for (let i = from; size > 0 && i < n; i++) for (const rest of subsets(n, size - 1, i + 1)) yield [i, ...rest];
}
