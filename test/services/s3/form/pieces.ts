import type { BodyPieces } from "../../../../src/base/body-pieces.ts";

/** Bytes that arrive in these pieces, in memory that is overwritten as soon as the next is asked for. */
export function piecesOf(bytes: Uint8Array, cuts: readonly number[]): BodyPieces & { released: number } {
  const ends = [...new Set([...cuts, bytes.length])]
    .filter((end) => end > 0 && end <= bytes.length)
    .sort((a, b) => a - b);
  const memory = new Uint8Array(bytes.length);
  let at = 0;
  return {
    released: 0,
    async next() {
      memory.fill(0xee);
      const end = ends.shift();
      if (end === undefined) return null;
      const piece = memory.subarray(0, end - at);
      piece.set(bytes.subarray(at, end));
      at = end;
      return piece;
    },
    release() {
      this.released += 1;
    },
  };
}
