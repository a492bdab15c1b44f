import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { describe, resultOf, summary } from "../../.ci/summary.mjs";

const passing = { status: "passed", ancestorTitles: [], title: "holds", failureMessages: [] };
const failing = {
  status: "failed",
  ancestorTitles: ["a bucket"],
  title: "is listed",
  failureMessages: [
    `AssertionError: \u001b[31mexpected\u001b[39m 1 to be 2\n    at ${process.cwd()}/test/a.test.ts:3:7\n    at run (file:///x/node_modules/vitest/a.js:1:1)`,
  ],
};

function file(name: string, assertionResults: object[], message = "") {
  const status = message !== "" || assertionResults.includes(failing) ? "failed" : "passed";
  return { name: `${process.cwd()}/test/${name}`, status, message, assertionResults };
}

function tests(...testResults: object[]): string {
  return JSON.stringify({ numPassedTests: 1, testResults });
}

/** A folder of results as .ci/run leaves it. */
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "sherd-summary-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ failed: "", ...files })) writeFileSync(join(folder, name), text);
  return folder;
}

test("the total alone is printed if all is well", () => {
  const clients = JSON.stringify([{ client: "rclone", job: "sync", status: "ok", ms: 1 }]);
  const folder = folderOf({ "tests.json": tests(file("a.test.ts", [passing])), "clients.json": clients });
  expect(summary(folder, ["tests", "clients"])).toEqual(["2 passed, 0 failed"]);
});

test("a failed test is named with its file and its message, without colours and other people's code", () => {
  const folder = folderOf({ "tests.json": tests(file("a.test.ts", [passing, failing])), failed: "tests\n" });
  expect(summary(folder, ["tests"])).toEqual([
    "FAILED in tests: test/a.test.ts > a bucket > is listed",
    "    AssertionError: expected 1 to be 2",
    "        at test/a.test.ts:3:7",
    "1 passed, 1 failed",
  ]);
});

test("a test file that does not load is a failure", () => {
  const result = resultOf("browser", tests(file("a.test.ts", [], "no Chromium"), file("b.test.ts", [passing])));
  const failure = { step: "browser", name: `${process.cwd()}/test/a.test.ts`, message: "no Chromium" };
  expect(result).toEqual({ passed: 1, failures: [failure] });
});

test("a failed client job is named with its output; a skipped one counts neither way", () => {
  const jobs = [
    { client: "rclone", job: "sync", status: "failed", ms: 1, output: "Error: exit code 1\nNoSuchKey" },
    { client: "mc", job: "all", status: "skipped", ms: 0, why: "not here" },
  ];
  const folder = folderOf({ "clients.json": JSON.stringify(jobs), failed: "clients\n" });
  expect(summary(folder, ["clients"])).toEqual([
    "FAILED in clients: rclone sync",
    "    Error: exit code 1",
    "    NoSuchKey",
    "0 passed, 1 failed",
  ]);
});

test("a failed step without a failed test shows the end of its output, and counts as one", () => {
  const log = Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n");
  const folder = folderOf({ "check.log": log, "tests.json": tests(file("a.test.ts", [passing])), failed: "check\n" });
  const lines = summary(folder, ["tests"]);
  expect(lines[0]).toBe("FAILED: check, whose output ends with");
  expect(lines.slice(-2)).toEqual(["    line 99", "1 passed, 1 failed"]);
  expect(lines).toHaveLength(32);
});

test("results that are missing or torn count as one failure each", () => {
  const folder = folderOf({ "slow.json": "{", "slow.log": "Killed", "tests.log": "ENOSPC", failed: "slow\ntests\n" });
  const lines = summary(folder, ["slow", "tests"]);
  expect(lines.filter((line) => line.startsWith("no results of"))).toHaveLength(2);
  expect(lines).toContain("    Killed");
  expect(lines.at(-1)).toBe("0 passed, 2 failed");
});

test("the more failures there are, the shorter their messages, and all stay within what is read", () => {
  const message = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
  const failures = (count: number) => Array.from({ length: count }, (_, i) => ({ step: "s", name: `t${i}`, message }));
  expect(describe(failures(1))).toHaveLength(16);
  expect(describe(failures(26))).toHaveLength(130);
  const lines = describe(failures(1000));
  expect(lines).toHaveLength(131);
  expect(lines.at(-1)).toBe("and 935 more");
});
