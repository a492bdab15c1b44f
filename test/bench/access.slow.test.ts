import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { EvaluatorRow } from "../../bench/access/evaluate.ts";
import { makeBucketPolicy } from "../../bench/access/population.ts";
import { evaluatorTable } from "../../bench/access/report.ts";
import { formatTable } from "../../bench/support/table.ts";

const root = join(import.meta.dirname, "../..");

test("the bucket policy is nearly as large as a bucket's may be, and each statement concerns what is asked", () => {
  const policy = makeBucketPolicy();
  expect(Buffer.byteLength(policy.source)).toBeGreaterThan(19_000);
  expect(policy.statementsFor("s3:getobject")).toHaveLength(policy.statements.length);
});

test("every row is measured, printed and written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sherd-test-"));
  const json = join(folder, "rows.json");
  try {
    const args = [
      "bench/access.ts",
      "--users",
      "3",
      "--policies",
      "4",
      "--decisions",
      "100",
      "--requests",
      "0",
      "--json",
      json,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    const { rows } = JSON.parse(readFileSync(json, "utf8")) as { rows: EvaluatorRow[] };
    expect(rows.map(({ what, users, policiesEach }) => [what, users, policiesEach])).toEqual(
      [
        "allowed",
        "allowed, bucket policy",
        "denied, bucket policy",
        "allowed, longest key, bucket policy",
        "parse the bucket policy",
      ].map((what) => [what, 3, 4]),
    );
    for (const { what, p50us, p99us } of rows) {
      expect(p50us).toBeGreaterThan(0);
      expect(p99us).toBeGreaterThanOrEqual(p50us);
      expect(stdout).toContain(what);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a target is met or missed by the median", () => {
  const row = { what: "x", users: 1, policiesEach: 1, bucketPolicyBytes: 1, decisions: 1, p50us: 50, p99us: 90 };
  expect(evaluatorTable([{ ...row, targetP50us: 50 }], formatTable)).toMatch(/≤ 50\s+met/);
  expect(evaluatorTable([{ ...row, targetP50us: 49 }], formatTable)).toMatch(/≤ 49\s+missed/);
  expect(evaluatorTable([{ ...row, targetP50us: null }], formatTable)).not.toMatch(/met|missed/);
});
