import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { SelectRun } from "../../src/select/run.ts";
import { csvIn, csvOut, jsonIn, refusal, requestOf, selected, sourceOf } from "./support.ts";

const MIB = 1024 * 1024;
const long = "ab".repeat(MIB / 4);

/** Runs a query and counts how often others got their turn. */
async function rests(content: string | Uint8Array, expression: string, more = {}) {
  let count = 0;
  const clock: Clock = {
    now: () => 0,
    sleep: async () => {
      count += 1;
    },
    timer: () => ({ done: new Promise(() => {}), cancel: () => {} }),
  };
  const run = new SelectRun(sourceOf(content, 64 * 1024), requestOf(expression, more), clock);
  let text = "";
  for (let event = await run.next(); event !== null; event = await run.next()) {
    if (event.kind === "records") text += Buffer.from(event.bytes).toString();
  }
  return { count, text };
}

test.each([
  ["LIKE", (index: number) => `s._1 LIKE '%_b${index}%'`],
  ["LIKE with patterns of the record", (index: number) => `s._1 LIKE '%c' || s._2 || '${index}'`],
  ["LOWER", (index: number) => `LOWER(s._1) = '${index}'`],
  ["UPPER", (index: number) => `UPPER(s._1) = '${index}'`],
  ["TRIM", (index: number) => `TRIM(BOTH 'ab${index}' FROM s._1) = '${index}'`],
  ["SUBSTRING", (index: number) => `SUBSTRING(s._1, 500000) = '${index}'`],
  ["CHAR_LENGTH", (index: number) => `CHAR_LENGTH(s._1) = ${index}`],
  ["comparisons", (index: number) => `s._1 > s._1 || '${index}'`],
  ["NULLIF", (index: number) => `NULLIF(s._1, s._1 || '${index}') = '${index}'`],
  ["IN", (index: number) => `s._1 IN (s._1 || '${index}')`],
])("a record that takes too much work is given up: %s", async (_, condition) => {
  const where = Array.from({ length: 240 }, (_unused, index) => `(${condition(index)})`).join(" OR ");
  const sql = `SELECT 1 FROM S3Object s WHERE ${where}`;
  expect(await refusal(selected(sourceOf(`${long},x\n`, MIB), sql))).toBe("ExternalEvalException");
});

test("aggregates count, and what they hold is bounded", async () => {
  const lists = (index: number) => `MIN(s._1 || '${index}'), MAX(LOWER(s._1))`;
  const all = Array.from({ length: 200 }, (_, index) => lists(index)).join(", ");
  expect(await refusal(selected(sourceOf(`${long}\n`, MIB), `SELECT ${all} FROM S3Object s`))).toBe(
    "OverMaxRecordSize",
  );
});

test("names of JSON members that are looked for count", async () => {
  const row = JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, 1])));
  const list = Array.from({ length: 200 }, (_, index) => `s.k${index}`).join(", ");
  const work = selected(sourceOf(row, MIB), `SELECT ${list} FROM S3Object s`, { input: jsonIn() });
  expect(await refusal(work)).toBe("ExternalEvalException");
});

test("an expression rests within a record, and comes to the same", async () => {
  const like = (index: number) => `(s._1 LIKE '%_${index}' OR s._1 LIKE '%_b%')`;
  const where = Array.from({ length: 4 }, (_, index) => like(index)).join(" AND ");
  const runs = Array.from({ length: 4 }, (_, index) => `${"_b".repeat(20)}${index}`);
  const missing = runs.map((run) => `s._1 LIKE '%${run}%'`).join(" OR ");
  const sql = `SELECT CHAR_LENGTH(s._1), CASE WHEN ${missing} THEN 1 ELSE 0 END FROM S3Object s WHERE ${where}`;
  const { count, text } = await rests(`${long}\n${long}\n`, sql);
  expect(text).toBe(`${long.length},0\n${long.length},0\n`);
  expect(count).toBeGreaterThan(6);
});

test("aggregates that rest count each record once", async () => {
  const sums = Array.from({ length: 12 }, () => "SUM(CHAR_LENGTH(LOWER(s._1)))").join(", ");
  const { count, text } = await rests(`${long}\n${long}\n`, `SELECT ${sums}, COUNT(*) FROM S3Object s`);
  expect(text).toBe(`${`${2 * long.length},`.repeat(12)}2\n`);
  expect(count).toBeGreaterThan(3);
});

test("many operators on short records rest", async () => {
  const where = Array.from({ length: 500 }, (_, index) => `s._1 = '${index + 10}'`).join(" OR ");
  const { count } = await rests("1\n".repeat(2_000), `SELECT * FROM S3Object s WHERE ${where}`);
  expect(count).toBeGreaterThan(10);
});

test("bzip2 rests between blocks, and allocates the memory of a block once", async () => {
  /** "x" and a line feed, by `bzip2 -9` (bzip2 1.0.8). */
  const small = Buffer.from("QlpoOTFBWSZTWSs+z38AAADAgAAQAEAgACEAgrF3JFOFCQKz7Pfw", "base64");
  const input = { ...csvIn(), compression: "BZIP2" };
  const { count } = await rests(Buffer.concat(Array(500).fill(small)), "SELECT COUNT(*) FROM S3Object", { input });
  expect(count).toBeGreaterThan(1);
});

test("TRIM, SUBSTRING and CHAR_LENGTH take characters of two units as one", async () => {
  const sql =
    "SELECT TRIM(BOTH '😀' FROM s._1), TRIM(s._2), SUBSTRING(s._1, 2, 2), CHAR_LENGTH(s._1), SUBSTRING(s._1, 3) FROM S3Object s";
  expect(await selected("😀a😁😀,  \n", sql)).toBe("a😁,,a😁,4,😁😀\n");
});

test("a pattern that changes with the record is compiled again", async () => {
  expect(await selected("ab,a%\nab,b%\n", "SELECT s._2 FROM S3Object s WHERE s._1 LIKE s._2", { output: csvOut })).toBe(
    "a%\n",
  );
});

test("a client hears from a query each second, however many records come at once", async () => {
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    sleep: async () => {
      nowMs += 600;
    },
    timer: () => ({ done: new Promise(() => {}), cancel: () => {} }),
  };
  const columnData = [{ name: "n", data: new Array(200_000).fill(1), type: "INT32" as const }];
  const file = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 200_000 }));
  const request = requestOf("SELECT COUNT(*) FROM S3Object", { input: { kind: "parquet" } });
  const run = new SelectRun(sourceOf(file, 64 * 1024), request, clock);
  const kinds: string[] = [];
  for (let event = await run.next(); event !== null; event = await run.next()) {
    kinds.push(event.kind);
    if (event.kind === "continuation") expect(nowMs).toBe(1_200 * kinds.length);
  }
  expect(kinds).toEqual([...new Array(Math.floor(nowMs / 1_200)).fill("continuation"), "records", "stats", "end"]);
  expect(nowMs).toBeGreaterThanOrEqual(6_000);
});
