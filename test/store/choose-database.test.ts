import { expect, test } from "vitest";
import { chooseDatabase, DATABASE_BYTES_MAX } from "../../src/store/buckets/choose-database.ts";

const GB = 1e9;

/** How many of a thousand lots, evenly spread, fall on each database. */
function shares(sizesBytes: readonly number[]): number[] {
  const counts = sizesBytes.map(() => 0);
  for (let lot = 0; lot < 1000; lot++) counts[chooseDatabase(sizesBytes, lot / 1000)]! += 1;
  return counts;
}

test("a database has as many lots as it has room below its reserve of a half", () => {
  expect(DATABASE_BYTES_MAX).toBe(10 * GB);
  expect(shares([0, 0, 0, 0])).toEqual([250, 250, 250, 250]);
  expect(shares([1 * GB, 4 * GB, 5 * GB, 10 * GB])).toEqual([800, 200, 0, 0]);
});

test("where none has room it is the smallest", () => {
  expect(shares([9 * GB, 6 * GB, 7 * GB])).toEqual([0, 1000, 0]);
  expect(shares([10 * GB])).toEqual([1000]);
});

test("the last lot falls on a database with room", () => {
  expect(chooseDatabase([0, 0.1 * GB, 5 * GB], 1 - 2 ** -32)).toBe(1);
  expect(chooseDatabase([0, 0.1 * GB, 5 * GB], 1)).toBe(1);
});
