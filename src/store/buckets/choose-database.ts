/** The most that D1 keeps in one database. */
export const DATABASE_BYTES_MAX = 10_000_000_000;

/**
 * A bucket never moves, so this part of each database is reserved for the growth of its buckets.
 * docs/scaling.md shows the effect.
 */
const RESERVED_SHARE = 0.5;

/**
 * The database for a new bucket, as an index of `sizesBytes`. It is chosen by lot, with chances
 * proportional to the room below each reserve: creators of several buckets see the same sizes at
 * once, and must not all choose the same database. If there is no such room, the smallest. `lot`: 0
 * or more and less than 1.
 */
export function chooseDatabase(sizesBytes: readonly number[], lot: number): number {
  const room = sizesBytes.map((bytes) => Math.max(0, DATABASE_BYTES_MAX * (1 - RESERVED_SHARE) - bytes));
  const whole = room.reduce((sum, bytes) => sum + bytes, 0);
  if (whole === 0) return sizesBytes.indexOf(Math.min(...sizesBytes));
  let left = lot * whole;
  const chosen = room.findIndex((bytes) => {
    left -= bytes;
    return left < 0;
  });
  // Rounding may leave a small rest after the last one.
  return chosen < 0 ? room.findLastIndex((bytes) => bytes > 0) : chosen;
}
