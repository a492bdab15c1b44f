import { expect, test } from "vitest";
import { median, pairedRatio } from "../../bench/support/statistics.ts";
import { formatTable } from "../../bench/support/table.ts";

test("the median is the middle value, or the mean of the two middle ones", () => {
  expect(median([3])).toBe(3);
  expect(median([10, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 4])).toBe(3);
  expect(median([])).toBeNaN();
});

test("a ratio of pairs is not moved by rounds in which all were slow", () => {
  expect(pairedRatio([2, 2, 200, 2], [4, 4, 400, 4])).toBe(0.5);
  // The ratio of the medians would be 10.
  expect(pairedRatio([1, 10, 100], [1, 1, 100])).toBe(1);
  expect(pairedRatio([1, 10, 100], [2, 20, 200])).toBe(0.5);
});

test("columns of a table line up, the first to the left, the others to the right", () => {
  expect(
    formatTable(
      ["name", "n"],
      [
        ["a", "100"],
        ["longer", "2"],
      ],
    ),
  ).toBe(["name      n", "------  ---", "a       100", "longer    2"].join("\n"));
});
