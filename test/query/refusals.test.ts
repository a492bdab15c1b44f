import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { KeyRange } from "../../src/base/key-range.ts";
import { takePage } from "../../src/query/ask.ts";
import { compileQuery } from "../../src/query/compile.ts";
import { QueryRefused } from "../../src/query/failure.ts";
import type { Parameters } from "../../src/query/parameters.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { prepareQuery } from "../../src/query/run.ts";
import { readQuerySettings } from "../../src/query/settings.ts";
import { FIRST_PAGE } from "../../src/query/token.ts";
import { anyText } from "../support/any-text.ts";
import { seen } from "../support/seen.ts";
import { QueryRig } from "./rig.ts";

const PART: readonly KeyRange[] = [{ lo: "home/bob/", hi: "home/bob0" }];
let rig: QueryRig;
beforeAll(() => {
  rig = new QueryRig();
  for (const [id, name] of [
    [1, "mine"],
    [2, "shared"],
    [3, "theirs"],
  ] as const)
    rig.bucket(id, name);
  rig.objects([
    { bucketId: 1, key: "a", user: { json: '{"x":1}' } },
    { bucketId: 2, key: "home/bob/1", user: { json: "[1]" } },
    { bucketId: 2, key: "home/alice/secret", user: { json: "no json" }, tags: { secret: "s" } },
    { bucketId: 3, key: "top-secret", user: { json: "no json either" }, tags: { secret: "t" } },
  ]);
});
afterAll(() => rig.d1.close());

const sight = { buckets: [seen(1, "mine"), seen(2, "shared", PART)], isOperator: false };
const settings = readQuerySettings({});

async function ask(text: string, parameters: Parameters = [], dialect: "sqlite" | "athena" = "sqlite") {
  const run = { queries: rig.metadata.queries, clock: systemClock, limits: settings };
  const prepared = await prepareQuery(
    run,
    { text, parameters, dialect },
    { parsed: parseQuery(text, dialect), options: { sight } },
  );
  const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: 1_000, bytesMax: 1e6 });
  return page.rows;
}

async function refusal(text: string, parameters: Parameters = []): Promise<string> {
  const error = await ask(text, parameters).then(
    (rows) => new Error(`answered ${JSON.stringify(rows)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof QueryRefused)) throw error;
  return error.code;
}

describe("more than a SELECT", () => {
  test.each([
    "INSERT INTO objects VALUES (1)",
    "UPDATE objects SET key = 'x'",
    "DELETE FROM objects",
    "REPLACE INTO objects VALUES (1)",
    "DROP TABLE objects",
    "CREATE TABLE x (a)",
    "CREATE TABLE x AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TRIGGER t AFTER INSERT ON objects BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE f USING fts5(a)",
    "ALTER TABLE objects RENAME TO x",
    "ATTACH DATABASE 'x' AS y",
    "DETACH y",
    "PRAGMA table_info(objects)",
    "PRAGMA journal_mode = DELETE",
    "VACUUM INTO 'x'",
    "ANALYZE",
    "REINDEX",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT a",
    "EXPLAIN DELETE FROM objects",
    "EXPLAIN QUERY PLAN PRAGMA user_version",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE objects",
    "WITH x AS (SELECT 1) DELETE FROM objects",
    "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT 1 FROM x) SELECT * FROM x",
    "WITH x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT * FROM x",
    "WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM main.objects",
    "SELECT * FROM access_keys",
    "SELECT * FROM pragma_table_info('objects')",
    "SELECT * FROM generate_series(1, 1000000000)",
    "SELECT * FROM json_tree('[]')",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM temp.x",
    "SELECT * FROM `q$x`",
    "SELECT * FROM objects INDEXED BY x",
    "SELECT * FROM objects WHERE key IN access_keys",
    "SELECT * FROM blobs",
    "SELECT * FROM shards",
    "SELECT * FROM drives",
    "SELECT load_extension('x')",
    "SELECT randomblob(1000000000)",
    "SELECT zeroblob(1000000000)",
    "SELECT printf('%1000000000d', 1)",
    "SELECT format('%1000000000d', 1)",
    "SELECT random()",
    "SELECT readfile('/etc/passwd')",
    "SELECT sqlite_version()",
    "SELECT last_insert_rowid()",
    "SELECT fts5(1)",
    "SELECT raise(ABORT, 'x')",
    "SELECT key FROM objects WHERE key MATCH 'x'",
    "SELECT key FROM objects WHERE key REGEXP '(a+)+$'",
    "SELECT key FROM objects WHERE key LIKE key",
    "SELECT key FROM objects WHERE key LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%'",
    "SELECT key FROM objects WHERE key GLOB '*' || key",
    "SELECT * FROM objects COLLATE x",
    "SELECT key COLLATE evil FROM objects",
    "SELECT metadata['x'] FROM objects",
    "SELECT [key] FROM objects",
    "SELECT CAST(key AS BLOB) FROM objects",
    "SELECT bucket_id FROM objects",
    "SELECT rowid FROM objects",
    "SELECT inline_body FROM objects",
    "SELECT attributes FROM objects",
    'SELECT "no such column" FROM objects',
    "SELECT o$1.key FROM objects",
    "SELECT objects.bucket_id FROM objects",
    "SELECT replace(key, 'a', 'aaaaaaaaaaaaaaaaaaaa') FROM objects",
    "SELECT instr(key, key) FROM objects",
    "SELECT strpos(key, lower('a')) FROM objects",
    "SELECT trim(key, key) FROM objects",
    "SELECT ltrim(key, etag) FROM objects",
    "SELECT rtrim(key, key || 'a') FROM objects",
    `SELECT instr(key, '${"a".repeat(51)}') FROM objects`,
    `SELECT trim(key, '${"é".repeat(26)}') FROM objects`,
    `SELECT replace(key, '${"a".repeat(51)}', '') FROM objects`,
    "SELECT sum(size) OVER (ORDER BY key ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) FROM objects",
    "SELECT sum(size) OVER (ORDER BY key GROUPS UNBOUNDED PRECEDING EXCLUDE TIES) FROM objects",
    "SELECT sum(size) OVER w FROM objects WINDOW w AS (ORDER BY key ROWS UNBOUNDED PRECEDING EXCLUDE GROUP)",
    "SELECT group_concat(key) OVER (ORDER BY key) FROM objects",
    "SELECT json_group_array(key) OVER (ORDER BY key) FROM objects",
    "SELECT ? FROM objects",
    "SELECT :a",
    "SELECT key FROM objects LIMIT (SELECT 1)",
    "",
    "-- nothing",
    "SELECT 'unclosed",
    'SELECT "unclosed',
    "SELECT 1 FROM objects WHERE",
    "\u0000SELECT 1",
    "SELECT '\ud800'",
  ])("%s is refused", async (text) => {
    expect(await refusal(text)).toMatch(/^(SyntaxError|NotAllowed|InvalidQuery|LimitExceeded|AccessDenied)$/);
  });

  test("what is too long, too deep or too wide is refused before it is run", async () => {
    const deep = (open: string, close: string, count: number) => `SELECT ${open.repeat(count)}1${close.repeat(count)}`;
    const doubling = Array.from({ length: 13 }, () => 0).reduce(
      (inner) => `SELECT x || x || x AS x FROM (${inner})`,
      "SELECT key AS x FROM objects",
    );
    const tooMuch = [
      `SELECT '${"a".repeat(20_000)}'`,
      deep("(", ")", 41),
      deep("CASE WHEN 1 THEN ", " END", 41),
      `SELECT ${"- ".repeat(200)}1`,
      `SELECT ${"NOT ".repeat(200)}1`,
      `SELECT 1${" + 1".repeat(500)}`,
      `SELECT ${Array(101).fill("1").join(", ")}`,
      Array(6).fill("SELECT 1").join(" UNION ALL "),
      `SELECT 1 FROM ${Array.from({ length: 17 }, (_, at) => `objects o${at}`).join(", ")}`,
      `SELECT coalesce(${Array(33).fill("1").join(", ")})`,
      doubling,
      `SELECT 1${", 1".repeat(2_100)}`,
    ];
    for (const text of tooMuch)
      expect([text.slice(0, 40), await refusal(text)]).toEqual([text.slice(0, 40), "LimitExceeded"]);
  });
});

describe("smuggling", () => {
  test.each([
    ["SELECT 'a''; DROP TABLE objects; --'", "a'; DROP TABLE objects; --"],
    ["SELECT 'x\\' /* */", "x\\"],
    ['SELECT 1 AS "a`; DROP TABLE x; --"', 1],
    ["SELECT 1 AS `a``b`", 1],
    ["SELECT /* ; DELETE FROM objects */ 2 -- ; DROP", 2],
    ["SELECT '/*' || '*/'", "/**/"],
    ["SELECT 'ü' || 'é'", "üé"],
    ["SELECT x'27' IS NOT NULL", 1],
    ["SELECT count(*) FROM objects WHERE key = '' OR '1' = '1'", 2],
    ["SELECT count(*) FROM objects WHERE 1 OR bucket = 'theirs'", 2],
    ["WITH objects AS (SELECT 7 AS n) SELECT n FROM objects", 7],
    ["WITH buckets AS (SELECT key FROM objects) SELECT count(*) FROM buckets", 2],
    ["WITH access_keys AS (SELECT 3 AS n) SELECT n FROM access_keys", 3],
    ["SELECT count(*) FROM store.objects", 2],
  ])("%s is only what it says", async (text, value) => {
    expect((await ask(text))[0]?.[0]).toBe(value);
  });

  test("parameters are values", async () => {
    fc.assert(
      fc.property(anyText(), (given) => {
        if (given.includes("\u0000") || !given.isWellFormed()) return;
        const { sql } = compileQuery({ text: "SELECT ?1", parameters: [given], dialect: "sqlite" }, { sight });
        expect(rig.d1.rawRows(sql)[1]).toEqual([given]);
      }),
      { numRuns: 200 },
    );
    expect(await ask("SELECT :a, @b, $c, :a", { a: "x", b: 1.5, c: null })).toEqual([["x", 1.5, null, "x"]]);
    expect(await ask("SELECT ?, ?, ?1", ["a'--", 2])).toEqual([["a'--", 2, "a'--"]]);
    expect(await ask("SELECT true, ?", [false])).toEqual([[1, 0]]);
  });

  test("no text makes SQL that is not one SELECT of allowed parts", () => {
    const words = [
      "SELECT",
      "FROM",
      "objects",
      "key",
      "'",
      '"',
      "`",
      "--",
      "/*",
      "*/",
      ";",
      "(",
      ")",
      "DROP",
      "TABLE",
      "access_keys",
      "WITH",
      "x",
      "AS",
      ",",
      "*",
      "UNION",
      "PRAGMA",
      "main",
      ".",
      "1",
      "\n",
      "WHERE",
      "IN",
      "attach",
    ];
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => `SELECT ${parts.join(" ")}`);
    fc.assert(
      fc.property(soup, (text) => {
        let sql: string;
        try {
          sql = compileQuery({ text, parameters: [], dialect: "sqlite" }, { sight }).sql;
        } catch (error) {
          expect(error).toBeInstanceOf(QueryRefused);
          return;
        }
        expect(sql).toMatch(/^(SELECT|WITH|VALUES) /);
        expect(sql.replaceAll(/'(?:[^']|'')*'|`(?:[^`]|``)*`/g, "")).not.toMatch(
          /;|--|\/\*|access_keys|sqlite_|PRAGMA|DROP|ATTACH/i,
        );
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("rows that the caller may not list", () => {
  test.each([
    ["SELECT count(*) FROM objects", 2],
    ["SELECT count(*) FROM objects WHERE bucket = 'theirs'", 0],
    ["SELECT count(*) FROM objects WHERE key = 'top-secret' OR key LIKE 'home/alice%'", 0],
    ["SELECT count(*) FROM tags", 0],
    ["SELECT count(*) FROM metadata", 2],
    ["SELECT count(*) FROM objects a LEFT JOIN objects b ON b.key <> a.key", 2],
    ["SELECT count(*) FROM objects a FULL JOIN objects b ON 0", 4],
    ["SELECT max(key) FROM objects", "home/bob/1"],
    ["SELECT group_concat(bucket) FROM buckets", "mine,shared"],
    ["SELECT (SELECT count(*) FROM versions)", 2],
    ["SELECT EXISTS (SELECT 1 FROM objects WHERE key GLOB 'home/alice/*')", 0],
    ["SELECT count(*) FROM objects WHERE key NOT IN (SELECT key FROM objects WHERE bucket = 'shared')", 1],
  ])("%s does not count them", async (text, value) => {
    expect(await ask(text)).toEqual([[value]]);
  });

  test("no function is computed of their values: it would fail, and so tell that they are there", async () => {
    const failing = "CASE WHEN key GLOB '*secret*' THEN json('no json') ELSE 1 END";
    for (const text of [
      `SELECT count(*) FROM objects WHERE ${failing}`,
      `SELECT count(*) FROM objects WHERE ${failing} AND bucket = 'shared'`,
      `SELECT count(*) FROM objects a JOIN objects b ON json_extract(metadata_of(a.key), '$') = 1`.replace(
        "metadata_of(a.key)",
        "coalesce(a.metadata ->> 'json', '1')",
      ),
      `SELECT key, ${failing} FROM objects ORDER BY ${failing}`,
      `SELECT count(*) FROM (SELECT * FROM objects WHERE ${failing}) WHERE key > ''`,
      `SELECT count(*) FROM objects GROUP BY ${failing}`,
      `SELECT count(*) FROM tags WHERE ${failing}`,
    ]) {
      const rows = await ask(text);
      expect(rows.length).toBeGreaterThan(0);
    }
  });
});

test("a join without a condition of a million rows is refused before it is run", async () => {
  const rows = Array.from({ length: 1_100 }, (_, index) => ({ bucketId: 1, key: `many/${index}` }));
  rig.objects(rows);
  expect(await refusal("SELECT count(*) FROM objects a, objects b")).toBe("LimitExceeded");
  expect(await refusal("SELECT count(*) FROM objects a JOIN objects b ON a.size + b.size > 1 JOIN objects c")).toBe(
    "LimitExceeded",
  );
  expect(await refusal("SELECT (SELECT count(*) FROM objects b WHERE b.size >= a.size) FROM objects a")).toBe(
    "LimitExceeded",
  );
  expect(
    await ask(
      "SELECT count(*) FROM objects a JOIN objects b ON b.bucket = a.bucket AND b.key = a.key WHERE a.bucket = 'mine' AND b.bucket = 'mine'",
    ),
  ).toEqual([[1_101]]);
});
