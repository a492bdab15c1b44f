import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { takePage } from "../../src/query/ask.ts";
import { QueryRefused } from "../../src/query/failure.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { estimateRows, prepareQuery } from "../../src/query/run.ts";
import { readQuerySettings } from "../../src/query/settings.ts";
import { FIRST_PAGE } from "../../src/query/token.ts";
import { seen } from "../support/seen.ts";
import { QueryRig } from "./rig.ts";

const COUNT = 300;
let rig: QueryRig;
beforeAll(() => {
  rig = new QueryRig();
  rig.bucket(1, "mine");
  rig.objects(Array.from({ length: COUNT }, (_, at) => ({ bucketId: 1, key: `k${at}`, tags: { a: "b" } })));
  rig.bucket(2, "pairs");
  const user = Object.fromEntries(Array.from({ length: COUNT }, (_, at) => [`n${at}`, ""]));
  rig.objects([{ bucketId: 2, key: "k", user }]);
});
afterAll(() => rig.d1.close());

const limits = readQuerySettings({});

async function prepare(text: string, parameters: string[] = [], bucket = seen(1, "mine")) {
  const run = { queries: rig.metadata.queries, clock: systemClock, limits };
  const input = { text, parameters, dialect: "sqlite" as const };
  const options = { sight: { buckets: [bucket], isOperator: false } };
  return { run, prepared: await prepareQuery(run, input, { parsed: parseQuery(text), options }) };
}

async function rowsOf(text: string): Promise<number> {
  const { run, prepared } = await prepare(text);
  return (await estimateRows(run, prepared, 1_000_000)).rows;
}

async function ask(text: string) {
  const { run, prepared } = await prepare(text);
  return takePage(run, prepared, { start: FIRST_PAGE, rows: 1_000, bytesMax: 1e6 });
}

const MANY = 100_000;

test.each([
  ["SELECT key || ?1 AS x FROM objects ORDER BY key", 279],
  ["SELECT ?1, ?1, ?1 FROM objects ORDER BY key", 93],
  // In steps: the row with which the page is full is in it.
  ["SELECT ?1, ?1, ?1 FROM objects", 94],
  ["SELECT t.x, x FROM objects, (SELECT ?1 AS x) AS t", 139],
  ["SELECT * FROM objects, (SELECT ?1 AS x, ?1 AS y) AS t", 139],
  ["WITH t AS (SELECT ?1 AS x), u AS (SELECT x || x AS y FROM t) SELECT y, y FROM objects, u", 69],
  ["SELECT (SELECT t.x) || t.x FROM objects, (SELECT ?1 AS x) AS t", 139],
  ["SELECT hex(?1) FROM objects ORDER BY key", 139],
  ["SELECT replace(?1, 'a', 'bbbb') FROM objects ORDER BY key", 69],
])("a page has the fewer rows the longer the texts are that each of them repeats: %s", async (text, rows) => {
  const { run, prepared } = await prepare(text, ["a".repeat(60_000)]);
  const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 16 * 1024 * 1024 });
  expect(page.rows.length).toBe(rows);
  expect(page.next).not.toBe(null);
});

const longer = (times: number, of: string) => `${"hex(".repeat(times)}${of}${")".repeat(times)}`;

test.each([
  [`SELECT x FROM objects, (SELECT group_concat(${longer(6, "key")}) AS x FROM objects) ORDER BY key`, 239],
  // Where `length` would end at once.
  [
    `SELECT x'00' || x AS x FROM objects, (SELECT group_concat(${longer(6, "key")}) AS x FROM objects) ORDER BY key`,
    239,
  ],
  ["SELECT j FROM objects, (SELECT json_group_array(key || ?1) AS j FROM objects WHERE key < 'k101') ORDER BY key", 69],
  [`SELECT json_extract(?2${", '$'".repeat(4)}) FROM objects ORDER BY key`, 69],
  ["SELECT o.*, ?1 AS x FROM objects o ORDER BY key", 278],
  ["SELECT key, max(key) || ?1 AS x FROM objects GROUP BY key", 279],
  ["SELECT x FROM objects, (SELECT value AS x FROM json_each(?2)) ORDER BY key", 279],
  ["SELECT first_value(?1) OVER (ORDER BY key) AS x FROM objects", 279],
])("SQLite cuts the rows of a statement where functions and joins make them long: %s", async (text, rows) => {
  const long = "a".repeat(60_000);
  const { run, prepared } = await prepare(text, [long, JSON.stringify([long])]);
  const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
  expect(page.rows.length).toBe(rows);
  expect(page.next).toEqual({ from: null, skip: rows, given: rows });
});

test.each([
  ["SELECT ?1 -> '$' AS x FROM objects"],
  ["SELECT ?1 ->> '$' AS x FROM objects"],
  ["SELECT json(?1) AS x FROM objects"],
  ["SELECT json_extract(?1, '$') AS x FROM objects"],
  ["SELECT element_at(?1, '$') AS x FROM objects"],
])("control characters in JSON5 are counted as JSON escapes them: %s", async (text) => {
  const json5 = `["${"\u0001".repeat(20_000)}"]`;
  const { run, prepared } = await prepare(text, [json5]);
  const ran = vi.spyOn(run.queries, "run");
  await takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
  const answers = await Promise.all(ran.mock.results.map(({ value }) => value as Promise<{ rows: unknown[][] }>));
  ran.mockRestore();
  const lengths = answers.map(({ rows }) => rows.flat().reduce<number>((sum, value) => sum + `${value}`.length, 0));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(16 * 1024 * 1024);
});

test("and so they are in what json_each gives", async () => {
  const json5 = `[["${"\u0001".repeat(200)}"]]`;
  for (const list of ["json_each(?1)", "(SELECT value FROM json_each(?1))"]) {
    const { run, prepared } = await prepare(`SELECT e.value FROM ${list} e`, [json5]);
    const { rows } = await takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
    expect([list, `${rows[0]?.[0]}`.length]).toEqual([list, 1_204]);
    expect(prepared.compiled.rowText).toBeGreaterThanOrEqual(1_204);
  }
});

test("a value of a table's map is no longer than the map", async () => {
  for (const read of ["metadata ->> 'a'", "json_extract(metadata, '$.a')", "o.tags -> 'a'"]) {
    const { prepared } = await prepare(`SELECT ${read} FROM objects o`);
    expect([read, prepared.compiled.rowText < 9_000]).toEqual([read, true]);
    const { prepared: brought } = await prepare(`SELECT ${read} FROM (SELECT metadata, tags FROM objects) o`);
    expect([read, brought.compiled.rowText > 6 * 9_000]).toEqual([read, true]);
  }
});

test("pages that were cut make up the whole, with its names of columns", async () => {
  const { run, prepared } = await prepare("SELECT key, key, ?1 AS 'a''b' FROM objects ORDER BY key", [
    "a".repeat(60_000),
  ]);
  const keys: unknown[] = [];
  const pages: number[] = [];
  for (let start: typeof FIRST_PAGE | null = FIRST_PAGE; start !== null; ) {
    const page = await takePage(run, prepared, { start, rows: MANY, bytesMax: 1e9 });
    expect(page.columns).toEqual(["key", "key", "a'b"]);
    keys.push(...page.rows.map(([key]) => key));
    pages.push(page.rows.length);
    start = page.next;
  }
  expect(keys).toEqual(Array.from({ length: COUNT }, (_, at) => `k${at}`).sort());
  expect(pages).toEqual([279, COUNT - 279]);
});

test("a row that is too long by itself is refused", async () => {
  const long = `(SELECT group_concat(${longer(8, "key")}) AS x FROM objects)`;
  const { run, prepared } = await prepare(`SELECT ${Array(90).fill("x").join(", ")} FROM ${long}`);
  const asked = takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
  const answer = await asked.then(
    ({ rows }) => rows.length,
    (error: unknown) => error,
  );
  expect(answer).toMatchObject({ code: "LimitExceeded" });
});

test("the rows of one object are bounded together", async () => {
  const ask = async (text: string) => {
    const { run, prepared } = await prepare(text, ["a".repeat(60_000)], seen(2, "pairs"));
    const asked = takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
    return asked.then(
      ({ rows }) => rows.length,
      (error: unknown) => (error as QueryRefused).code,
    );
  };
  expect(await ask("SELECT name FROM metadata WHERE name <> ?1")).toBe(COUNT);
  expect(await ask("SELECT name, ?1 FROM metadata")).toBe("LimitExceeded");
  expect(await ask("SELECT name, ?1 FROM metadata ORDER BY name")).toBe(279);
});

test("SQLite makes the fewer rows at once the longer they could be", async () => {
  const { run, prepared } = await prepare(`SELECT key, ${longer(5, "key")} AS x FROM objects ORDER BY key`);
  const ran = vi.spyOn(run.queries, "run");
  const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
  const windows = ran.mock.calls.flatMap(([sql]) => /LIMIT ([1-9]\d*) OFFSET \d+/.exec(sql)?.[0] ?? []);
  ran.mockRestore();
  expect(page.rows.map(([key]) => key)).toEqual(Array.from({ length: COUNT }, (_, at) => `k${at}`).sort());
  expect([page.next, windows]).toEqual([null, ["LIMIT 128 OFFSET 0", "LIMIT 128 OFFSET 128", "LIMIT 128 OFFSET 256"]]);
});

test("a step has the fewer rows the longer functions may make them", async () => {
  const { run, prepared } = await prepare(`SELECT key, ${longer(4, "key")} AS x FROM objects`);
  const ran = vi.spyOn(run.queries, "run");
  const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
  const sizes = await Promise.all(
    ran.mock.results.map(async ({ value }) => ((await value) as { rows: [] }).rows.length),
  );
  ran.mockRestore();
  expect(page.rows.length).toBe(COUNT);
  expect(Math.max(...sizes)).toBeLessThan(16);
});

test.each([
  "SELECT key FROM objects WHERE key <> ?1 ORDER BY key",
  "SELECT o.key FROM objects o JOIN buckets b ON b.bucket <> ?1",
  "SELECT key FROM objects GROUP BY key HAVING max(key) <> ?1",
  "SELECT key FROM (SELECT key FROM objects WHERE key <> ?1) ORDER BY key",
])("texts of conditions are in no row: %s", async (text) => {
  const { run, prepared } = await prepare(text, ["a".repeat(60_000)]);
  const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: MANY, bytesMax: 1e9 });
  expect([page.rows.length, page.next]).toEqual([COUNT, null]);
});

test("a page is bounded with the names of columns where each row repeats them, and empty texts count", async () => {
  const { run, prepared } = await prepare(`SELECT '' AS ${"n".repeat(1_000)} FROM objects`);
  const bounds = { start: FIRST_PAGE, rows: 1_000, bytesMax: 10_000 };
  expect((await takePage(run, prepared, { ...bounds, repeatsNames: true })).rows.length).toBe(10);
  expect((await takePage(run, prepared, { ...bounds, bytesMax: 800 })).rows.length).toBe(100);
});

test.each([
  ["SELECT storage_class, count(*) FROM objects GROUP BY 1", 0],
  ["SELECT storage_class, count(*) FROM objects GROUP BY 1", 0.02],
  ["SELECT count(*) FROM objects WHERE size < 0", 1],
])("round trips of 20 ms do not make steps small, nor do rows that take long: %s, %d ms a row", async (text, rowMs) => {
  const big = new QueryRig();
  big.bucket(1, "mine");
  big.d1.database.exec(`INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, attributes)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
    SELECT 1, printf('%09d', i), 'id', 1, 1, 1, 'e', 0, 'STANDARD', '{"user":{}}' FROM n`);
  let [nowMs, calls, read] = [0, 0, 0];
  const { queries } = big.metadata;
  const asked = (call: "boundary" | "run") => {
    const own = queries[call].bind(queries) as (...args: unknown[]) => Promise<unknown>;
    vi.spyOn(queries, call).mockImplementation((async (...args: unknown[]) => {
      calls++;
      nowMs += 20;
      if (call === "boundary") read = (args[1] as { rows: number }).rows;
      else nowMs += read * rowMs;
      return own(...args);
    }) as never);
  };
  asked("boundary");
  asked("run");
  const run = { queries, clock: { ...systemClock, now: () => nowMs }, limits };
  const options = { sight: { buckets: [seen(1, "mine")], isOperator: false } };
  const prepared = await prepareQuery(
    run,
    { text, parameters: [], dialect: "sqlite" },
    { parsed: parseQuery(text), options },
  );
  await takePage(run, prepared, { start: FIRST_PAGE, rows: 10, bytesMax: 1e6 });
  // With nothing but round trips steps grow to 20,000 rows; they are never below 1,000.
  expect(calls).toBeLessThanOrEqual(rowMs === 0 ? 10 : 50);
  big.d1.close();
});

describe("names that the caller chooses do not steer the estimate", () => {
  const kept = "(SELECT key, size FROM objects ORDER BY size LIMIT 1000)";

  test.each([
    `SELECT count(*) FROM objects o, ${kept} AS "1 CONSTANT ROW"`,
    `WITH "1 CONSTANT ROW" AS MATERIALIZED (SELECT key FROM objects) SELECT count(*) FROM objects, "1 CONSTANT ROW"`,
    `SELECT count(*) FROM objects o, ${kept} AS "x USING AUTOMATIC y"`,
    `SELECT count(*) FROM objects o, ${kept} AS "x LEFT-JOIN"`,
    `SELECT (SELECT count(*) FROM json_each('[1]') AS x), (SELECT count(*) FROM objects o, ${kept} AS x)`,
    `SELECT count(*) FROM json_each('[]') AS x, (SELECT count(*) FROM objects o, ${kept} AS x)`,
    `SELECT count(*) FROM objects a, objects c WHERE a.key IN (SELECT key FROM objects)`,
  ])("%s", async (text) => {
    expect(await rowsOf(text)).toBeGreaterThanOrEqual(COUNT * COUNT);
  });

  test("keys that IN and OR list are counted, each for one", async () => {
    const keys = Array.from({ length: 20 }, (_, at) => `lower('k${at}')`).join(", ");
    expect(await rowsOf(`SELECT count(*) FROM objects a, objects b WHERE a.key IN (${keys})`)).toBeGreaterThanOrEqual(
      20 * COUNT,
    );
    expect(await rowsOf("SELECT key FROM objects WHERE bucket = 'mine' AND key = 'k1' ORDER BY 1")).toBe(1);
  });

  test.each([
    "SELECT 1 FROM objects AS 'o$1'",
    "SELECT 1 AS 'a$1'",
    'SELECT 1 FROM (SELECT 1) AS "t$"',
    "WITH 'q$1' AS (SELECT 1) SELECT * FROM 'q$1'",
    "SELECT o.'key$' FROM objects o",
  ])("%s has a name of the server's", async (text) => {
    await expect(prepare(text)).rejects.toMatchObject({ code: "NotAllowed" });
  });

  test.each([
    "SELECT count(*) FROM (SELECT '[1,2]' AS tags) AS s, json_each(s.tags)",
    "SELECT count(*) FROM objects o, (SELECT group_concat(key) AS tags FROM objects) AS s, json_each(s.tags)",
    "SELECT 1 FROM (SELECT '[]' AS tags) AS objects, json_each(objects.tags)",
    "SELECT (SELECT count(*) FROM (SELECT '[]' AS tags) AS o, json_each(o.tags)) FROM objects AS o",
    "SELECT count(*) FROM objects o, json_each(o.key)",
  ])("%s goes through no list", async (text) => {
    await expect(prepare(text)).rejects.toMatchObject({ code: "NotAllowed" });
  });

  test("a table's own map is a list", async () => {
    expect((await ask("SELECT count(*) FROM objects o, json_each(o.tags) AS t WHERE t.value = 'b'")).rows).toEqual([
      [COUNT],
    ]);
  });
});

describe("names mean what they mean in SQLite", () => {
  test.each([
    ["SELECT o.key FROM objects o WHERE o.key = 'k1'", ["key"], [["k1"]]],
    [
      "SELECT O.KEY, objects.size FROM objects JOIN objects o USING (key) WHERE o.key = 'k1'",
      ["KEY", "size"],
      [["k1", 1]],
    ],
    ["SELECT o.* FROM (SELECT key AS k FROM objects WHERE key = 'k1') AS o", ["k"], [["k1"]]],
    [
      "SELECT o.key, (SELECT count(*) FROM objects o WHERE o.key < 'k1') FROM objects o WHERE o.key = 'k2'",
      null,
      [["k2", 1]],
    ],
    [
      "SELECT (SELECT max(i.key) FROM objects i WHERE i.key <= o.key) AS m FROM objects o WHERE o.key = 'k2'",
      ["m"],
      [["k2"]],
    ],
    ["WITH a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT a.n, b.n FROM a, b", ["n", "n"], [[1, 2]]],
    ["WITH a(x) AS (SELECT 1) SELECT (WITH a(x) AS (SELECT 2) SELECT x FROM a), a.x FROM a AS a", null, [[2, 1]]],
    ["SELECT a.n, b.n FROM ((SELECT 1 AS n) AS a JOIN (SELECT 2 AS n) AS b ON a.n < b.n)", ["n", "n"], [[1, 2]]],
    [
      "SELECT a.key FROM objects a WHERE a.key < 'k10' UNION SELECT b.key FROM objects b WHERE b.key = 'k2' ORDER BY 1",
      ["key"],
      [["k0"], ["k1"], ["k2"]],
    ],
    ["SELECT o.key FROM objects o WHERE o.key < 'k10' ORDER BY o.key DESC", ["key"], [["k1"], ["k0"]]],
    ["SELECT o.size, count(o.key) FROM objects AS o GROUP BY o.size HAVING count(o.key) > 1", null, [[1, COUNT]]],
    ["SELECT key AS 'my key' FROM objects WHERE key = 'k1'", ["my key"], [["k1"]]],
  ])("%s", async (text, columns, rows) => {
    const page = await ask(text);
    expect(page.rows).toEqual(rows);
    if (columns !== null) expect(page.columns).toEqual(columns);
  });

  test("what no FROM has, or two have, is refused in the caller's own words", async () => {
    for (const text of [
      "SELECT x.key FROM objects",
      "SELECT a.key FROM objects a, objects a",
      "SELECT o.key FROM objects o, (SELECT o.key FROM objects) s",
      "SELECT o.absent FROM objects o",
    ]) {
      const error = await ask(text).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(QueryRefused);
      expect((error as Error).message).not.toMatch(/[aqo]\$/);
    }
  });
});
