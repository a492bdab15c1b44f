/** The most that D1 keeps in one database. */
export const DATABASE_BYTES_MAX = 10_000_000_000;

/** A bucket never moves, so this much of each database is left to the buckets that it has. docs/scaling.md shows what it does. */
const RESERVED_SHARE = 0.5;

/**
 * The database for a new bucket, as an index of `sizesBytes`: by lot, each with a chance as large as the room that it has below
 * its reserve. By lot, because the sizes that several buckets' creators see at once are the same. Where there is no such room,
 * the smallest. `lot`: 0 or more and less than 1.
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
  // Rounding may leave a crumb behind the last one.
  return chosen < 0 ? room.findLastIndex((bytes) => bytes > 0) : chosen;
}
