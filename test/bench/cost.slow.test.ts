import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { breakEven } from "../../bench/break-even.ts";
import { type CostRow, costRow } from "../../bench/cost/measure.ts";
import { COST_CASES } from "../../bench/cost/operations.ts";

const root = join(import.meta.dirname, "../..");

test("dollars are calls and CPU times list prices", () => {
  const get = COST_CASES.find(({ op, sizeBytes }) => op === "GetObject" && sizeBytes === 64 * 1024 * 1024);
  if (!get) throw new Error("no such case");
  const calls = { roundTrips: 1, rowsRead: 1000, rowsWritten: 2, drivePuts: 3, driveGets: 4, driveDeletes: 9 };
  const row = costRow(get, calls, 50);
  // A request, 50 ms, 1000 rows read, 2 written, 3 puts, 4 gets.
  expect(row.sherdDollars).toBeCloseTo(0.3 + 1 + 1 + 2 + 13.5 + 1.44, 6);
  expect(row.r2Dollars).toBeCloseTo(0.36, 6);
  expect(row.awsDollars).toBeCloseTo(0.4, 6);
  expect(row.awsTransferDollars).toBeCloseTo(67_108_864 * 0.09e-3, 3);
});

test("break-even sizes follow from what writes write", () => {
  const life = { months: 1, reads: 0 };
  const budget = breakEven(life);
  expect(breakEven(life, { inline: 4, sharded: 6 })).toEqual(budget);
  expect(breakEven(life, { inline: 1, sharded: 6 }).inlineMaxBytes).toBeGreaterThan(budget.inlineMaxBytes ?? 0);
});

test("bench:cost measures calls, and CPU without D1's and the drives'", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sherd-test-"));
  const json = join(folder, "rows.json");
  try {
    const only = ["--only", "HeadObject", "--only", "UploadPart", "--only", "CompleteMultipartUpload"];
    await promisify(execFile)(process.execPath, ["bench/cost.ts", ...only, "--json", json], { cwd: root });
    const { rows } = JSON.parse(readFileSync(json, "utf8")) as { rows: CostRow[] };
    expect(rows.map(({ op, d1RoundTrips, drivePuts, driveGets }) => [op, d1RoundTrips, drivePuts, driveGets])).toEqual([
      ["HeadObject", 1, 0, 0],
      ["UploadPart", 2, 6, 0],
      ["CompleteMultipartUpload, 8 parts", 2, 0, 0],
    ]);
    for (const row of rows) expect(row.d1RowsRead).toBeGreaterThan(0);
    if (process.platform === "linux") for (const row of rows) expect(row.cpuMs).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
