import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Row } from "../../bench/list/measure.ts";
import { judge } from "../../bench/list/report.ts";
import { SHAPES } from "../../bench/list/shapes.ts";

const root = join(import.meta.dirname, "../..");

test.each(SHAPES)("keys of the shape $name are in order of their numbers, and none twice", ({ keyAt }) => {
  const keys = Array.from({ length: 3000 }, (_, number) => keyAt(number, 3000));
  expect(new Set(keys).size).toBe(3000);
  expect([...keys].sort()).toEqual(keys);
});

test("pages and walks find every key, read few rows, and say so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sherd-test-"));
  const json = join(folder, "rows.json");
  try {
    const options = ["--keys", "1000,2000", "--rounds", "1", "--only", "ten prefixes", "--only", "versions"];
    const args = ["bench/list.ts", ...options, "--json", json, "--markdown"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    const { rows } = JSON.parse(readFileSync(json, "utf8")) as { rows: Row[] };
    const found = Object.fromEntries(
      rows.filter(({ keys }) => keys === 2000).map(({ shape, page, entries }) => [`${shape}, ${page}`, entries]),
    );
    expect(found).toEqual({
      "ten prefixes, first": 1000,
      "ten prefixes, middle": 500,
      "ten prefixes, delimiter": 10,
      "ten prefixes, walk": 2000,
      "versions, first": 1000,
      "versions, middle": 500,
      "versions, delimiter": 1000,
      "versions, walk": 2000,
      "versions, versions, first": 1000,
      "versions, versions, middle": 500,
      "versions, versions, delimiter": 1000,
      "versions, versions, walk": 6000,
    });
    // Of the largest bucket the time is judged too, which no test may.
    for (const row of rows.filter(({ keys }) => keys === 1000))
      expect([row, judge(row, rows).isMet]).toEqual([row, true]);
    expect(stdout).toContain("| ten prefixes | 2,000 | delimiter | 10 |");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a page is held to the rows that it may read, and to the time of the same page of the smallest bucket", () => {
  const row = { shape: "flat", page: "first", entries: 1000, requests: 1, ms: 9, rowsRead: 1002, keys: 1000 };
  const small: Row = { ...row, ratioToSmallest: 1 };
  const large: Row = { ...row, keys: 1_000_000, ratioToSmallest: 1.31 };
  expect(judge(small, [small, large])).toEqual({ target: "≤ 2,020 rows", isMet: true });
  expect(judge({ ...small, rowsRead: 2021 }, [small, large]).isMet).toBe(false);
  expect(judge(large, [small, large])).toEqual({ target: "≤ 2,020 rows, ≤ 1.3×", isMet: false });
  expect(judge({ ...large, ratioToSmallest: 1.29 }, [small, large]).isMet).toBe(true);
  const walk: Row = { ...large, page: "walk", entries: 1_000_000, requests: 1000, ms: 119_000 };
  expect(judge(walk, [walk]).isMet).toBe(true);
  expect(judge({ ...walk, ms: 121_000 }, [walk]).isMet).toBe(false);
});
