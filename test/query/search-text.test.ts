import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { EVERY_KEY, type KeyRange, prefixRange } from "../../src/base/key-range.ts";
import type { VisibleBucket } from "../../src/metadata/query/visible.ts";
import { SEARCH_FIELDS, type SearchField } from "../../src/metadata/search/search.ts";
import { takePage } from "../../src/query/ask.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { estimateRows, prepareQuery } from "../../src/query/run.ts";
import { readQuerySettings } from "../../src/query/settings.ts";
import { FIRST_PAGE } from "../../src/query/token.ts";
import { seen } from "../support/seen.ts";
import { type NewRow, QueryRig } from "./rig.ts";

const WORDS = ["film", "sound", "draft", "final", "holiday", "holidays", "2026", "img"];
const wordAt = (at: number) => WORDS[at % WORDS.length] as string;
const ROWS: readonly NewRow[] = Array.from({ length: 240 }, (_, at) => ({
  bucketId: 1,
  key: `${at % 2 ? "a" : "b"}/${wordAt(at)}-${wordAt(at * 3 + (at >> 3))}_${at}.JPG`,
  size: at,
  tags: at % 3 ? { team: wordAt(at >> 2) } : undefined,
  user: at % 5 ? { title: `the ${wordAt(at >> 3)} ${wordAt(at + 1)}` } : {},
  ...(at % 50 === 7 && { encryption: "SSE-C" }),
}));
const TEXT = new Set<SearchField>(["text"]);

let rig: QueryRig;
beforeEach(() => {
  rig = new QueryRig();
  rig.bucket(1, "one");
  rig.bucket(2, "two");
});
afterEach(() => rig.d1.close());

const count = (table: string) =>
  Number(Object.values(rig.d1.database.prepare(`SELECT count(*) FROM ${table}`).get() ?? {})[0]);
const hasTable = () => count("sqlite_schema WHERE name = 'search_text'") === 1;

async function fill(step = 100): Promise<void> {
  const { search } = rig.metadata;
  for (let next = await search.unfilled(); next !== null; next = await search.unfilled())
    await search.fillOn(next, step);
}

async function indexed(fields: ReadonlySet<SearchField> = TEXT): Promise<void> {
  rig.objects(ROWS);
  rig.d1.database.exec(
    `UPDATE objects SET attributes = json_set(attributes, '$.owner', json('{"id":"x"}')) WHERE size_bytes % 4 = 1`,
  );
  await rig.metadata.search.set(1, fields, 0);
  await fill();
}

async function prepare(text: string, bucket: VisibleBucket = seen(1, "one"), more: readonly VisibleBucket[] = []) {
  const indexes = await rig.metadata.search.complete({ ownerAccount: "", isFirst: true, names: null });
  const run = {
    queries: rig.metadata.queries,
    clock: systemClock,
    limits: { ...readQuerySettings({}), wholeRowsMax: 1e9 },
  };
  const input = { text, parameters: [], dialect: "sqlite" as const };
  const options = { sight: { buckets: [bucket, ...more], isOperator: false, indexes } };
  return { run, prepared: await prepareQuery(run, input, { parsed: parseQuery(text), options }) };
}

async function rowsRead(text: string, bucket?: VisibleBucket): Promise<number> {
  const { run, prepared } = await prepare(text, bucket);
  return (await estimateRows(run, prepared, 1_000_000)).rows;
}

async function ask(text: string, bucket?: VisibleBucket): Promise<unknown[][]> {
  const { run, prepared } = await prepare(text, bucket);
  return [...(await takePage(run, prepared, { start: FIRST_PAGE, rows: 10_000, bytesMax: 1e7 })).rows] as unknown[][];
}

/** What is sought, as a tree. */
type Sought =
  | { readonly word: string }
  | { readonly phrase: readonly [string, string] }
  | { readonly operator: "AND" | "OR" | "NOT"; readonly left: Sought; readonly right: Sought };

function textOf(sought: Sought): string {
  if ("word" in sought) return sought.word;
  if ("phrase" in sought) return `"${sought.phrase.join(" ")}"`;
  return `(${textOf(sought.left)} ${sought.operator} ${textOf(sought.right)})`;
}

/** Written apart from the code: words are letters and digits. `texts`: those of each column that is seen. */
function holds(sought: Sought, texts: readonly string[]): boolean {
  const columns = texts.map((text) =>
    text
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter(Boolean),
  );
  const some = (test: (words: readonly string[], at: number) => boolean) =>
    columns.some((words) => words.some((_, at) => test(words, at)));
  if ("word" in sought) return some((words, at) => words[at] === sought.word);
  if ("phrase" in sought) return some((words, at) => sought.phrase.every((word, next) => words[at + next] === word));
  const [left, right] = [holds(sought.left, texts), holds(sought.right, texts)];
  return sought.operator === "AND" ? left && right : sought.operator === "OR" ? left || right : left && !right;
}

const anySought: fc.Arbitrary<Sought> = fc.letrec<{ sought: Sought }>((tie) => ({
  sought: fc.oneof(
    { maxDepth: 3 },
    fc.record({ word: fc.constantFrom(...WORDS, "jpg", "a", "team", "title", "nothing") }),
    fc.record({ phrase: fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...WORDS)) }),
    fc.record({
      operator: fc.constantFrom("AND" as const, "OR" as const, "NOT" as const),
      left: tie("sought"),
      right: tie("sought"),
    }),
  ),
})).sought;

const within = (ranges: readonly KeyRange[], key: string) =>
  ranges.some(({ lo, hi }) => key >= lo && (hi === null || key < hi));

/** Another account wrote it. */
const isOthers = ({ size = 0 }: NewRow) => size % 4 === 1;

/** Texts of an object that the caller sees, of one column or of all. */
function textsOf(row: NewRow, column: string, { current, ownersOnly }: VisibleBucket): string[] {
  const pairs = (map: Record<string, string> | undefined) =>
    Object.entries(map ?? {})
      .flat()
      .join(" ");
  const isHidden = ownersOnly && isOthers(row);
  const all: [string, string, boolean][] = [
    ["key", row.key, true],
    ["tags", pairs(row.tags), within(current.tags, row.key) && !isHidden],
    ["metadata", pairs(row.user), within(current.content, row.key) && !isHidden && row.encryption === undefined],
  ];
  return all.filter(([name, , isSeen]) => isSeen && (column === "objects" || column === name)).map(([, text]) => text);
}

const whole = seen(1, "one");
const part = (hidden: Partial<VisibleBucket["current"]>, keys = EVERY_KEY): VisibleBucket => {
  const bucket = seen(1, "one", keys);
  return { ...bucket, current: { ...bucket.current, ...hidden } };
};
const A = [prefixRange("a/")];

describe("MATCH finds what a filter finds that was written apart", () => {
  test.each([
    ["all", whole],
    ["keys below a/", part({}, A)],
    ["tags below a/", part({ tags: A })],
    ["no metadata", part({ content: [] })],
    ["tags below a/ and metadata below b/", part({ tags: A, content: [prefixRange("b/")] })],
    ["nothing but keys", part({ tags: [], content: [] })],
    ["what has no owner of its own", { ...whole, ownersOnly: true }],
  ])("where the caller sees %s", async (_, bucket) => {
    await indexed();
    const listed = ROWS.filter(({ key }) => within(bucket.objects, key));
    await fc.assert(
      fc.asyncProperty(anySought, fc.constantFrom("objects", "key", "tags", "metadata"), async (sought, column) => {
        const expected = listed.filter((row) => holds(sought, textsOf(row, column, bucket))).map(({ key }) => key);
        const match = `${column} MATCH '${textOf(sought)}'`;
        const found = await ask(`SELECT key FROM objects WHERE bucket = 'one' AND ${match}`, bucket);
        expect(found.map(([key]) => key)).toEqual(expected.sort());
        const counted = await ask(`SELECT count(*), min(key) FROM objects WHERE bucket = 'one' AND ${match}`, bucket);
        expect(counted).toEqual([[expected.length, expected[0] ?? null]]);
      }),
      { numRuns: 5 },
    );
  });

  test("beside other conditions, under OR and NOT, in joins and subqueries", async () => {
    await indexed(new Set(SEARCH_FIELDS));
    const has = (row: NewRow, word: string) => holds({ word }, textsOf(row, "objects", whole));
    const keys = (test: (row: NewRow) => boolean) =>
      ROWS.filter(test)
        .map(({ key }) => [key])
        .sort();
    const sort = (rows: unknown[][]) => rows.sort();
    const from = "FROM objects WHERE bucket = 'one' AND";
    expect(sort(await ask(`SELECT key ${from} (objects MATCH 'film' OR size < 10)`))).toEqual(
      keys((row) => has(row, "film") || Number(row.size) < 10),
    );
    expect(sort(await ask(`SELECT key ${from} NOT objects MATCH 'film'`))).toEqual(keys((row) => !has(row, "film")));
    expect(sort(await ask(`SELECT key ${from} objects NOT MATCH 'film'`))).toEqual(keys((row) => !has(row, "film")));
    expect(sort(await ask(`SELECT key ${from} objects MATCH 'film' AND objects MATCH 'draft'`))).toEqual(
      keys((row) => has(row, "film") && has(row, "draft")),
    );
    expect(sort(await ask(`SELECT key ${from} objects MATCH 'holiday OR holidays' AND size = 12`))).toEqual(
      keys((row) => (has(row, "holiday") || has(row, "holidays")) && row.size === 12),
    );
    expect(
      sort(
        await ask(`SELECT o.key FROM tags t JOIN objects o ON o.bucket = t.bucket AND o.key = t.key
        WHERE o.bucket = 'one' AND t.bucket = 'one' AND t.value = 'sound' AND o.key MATCH 'film'`),
      ),
    ).toEqual(keys((row) => row.tags?.team === "sound" && holds({ word: "film" }, [row.key])));
    expect(
      sort(
        await ask(`SELECT t.key FROM tags t LEFT JOIN objects o ON o.key = t.key AND o.size > 100
        WHERE o.bucket = 'one' AND t.bucket = 'one' AND o MATCH 'film'`),
      ),
    ).toEqual(keys((row) => row.tags !== undefined && Number(row.size) > 100 && has(row, "film")));
    expect(
      sort(
        await ask(
          `SELECT key ${from} key IN (SELECT o.key FROM objects o WHERE o.bucket = 'one' AND o.tags MATCH 'film')`,
        ),
      ),
    ).toEqual(keys((row) => row.tags?.team === "film"));
    expect(await ask(`SELECT substr(key, 1, 1), count(*) ${from} objects MATCH '2026' GROUP BY 1`)).toEqual(
      ["a", "b"].map((folder) => [folder, ROWS.filter((row) => row.key.startsWith(folder) && has(row, "2026")).length]),
    );
  });
});

describe("a bare name before MATCH", () => {
  const tagged = ROWS.filter((row) => row.tags?.team === "film");

  test("is a column of the only table before it is a table around it", async () => {
    await indexed();
    const inner = "SELECT key FROM objects WHERE bucket = 'one' AND tags MATCH 'film'";
    expect(await ask(`SELECT name, count(*) FROM tags WHERE bucket = 'one' AND key IN (${inner}) GROUP BY 1`)).toEqual([
      ["team", tagged.length],
    ]);
    const all = "SELECT tags.key FROM objects tags WHERE tags.bucket = 'one'";
    expect(
      (await ask(`${all} AND EXISTS (SELECT 1 FROM objects o WHERE o.bucket = 'one' AND tags MATCH 'film')`)).length,
    ).toBe(ROWS.length);
    expect(
      await ask(`${all} AND EXISTS (SELECT 1 FROM objects o WHERE o.bucket = 'one' AND tags MATCH 'absent')`),
    ).toEqual([]);
  });

  test("is a table of its own FROM first, and one around it last", async () => {
    await indexed();
    const has = (row: NewRow) => holds({ word: "film" }, textsOf(row, "objects", whole));
    const keys = ROWS.filter(has).map(({ key }) => [key]);
    const from = "SELECT tags.key FROM objects tags WHERE tags.bucket = 'one' AND";
    expect((await ask(`${from} tags MATCH 'film'`)).sort()).toEqual(keys.sort());
    const around = "EXISTS (SELECT 1 FROM buckets WHERE tags MATCH 'film')";
    expect((await ask(`${from} ${around}`)).sort()).toEqual(keys.sort());
  });
});

describe("cost", () => {
  test("few rows are read where all is seen; EXPLAIN tells", async () => {
    await indexed();
    expect(await rowsRead("SELECT key FROM objects WHERE bucket = 'one' AND key MATCH '0 101'")).toBeLessThan(10);
    expect(await rowsRead("SELECT key FROM objects WHERE bucket = 'one' AND objects MATCH 'jpg'")).toBeGreaterThan(240);
  });

  test.each(["jpg NOT jpg", "jpg AND 7", '"jpg jpg"', '"the jpg"'])(
    "all objects that have a word of %s are read, though few or none match",
    async (sought) => {
      await indexed();
      const query = `SELECT key FROM objects WHERE bucket = 'one' AND objects MATCH '${sought}' ORDER BY size`;
      expect(await rowsRead(query)).toBeGreaterThanOrEqual(ROWS.length);
      const { run, prepared } = await prepare(query);
      const limited = { ...run, limits: { ...run.limits, wholeRowsMax: 200 } };
      await expect(takePage(limited, prepared, { start: FIRST_PAGE, rows: 10, bytesMax: 1e7 })).rejects.toMatchObject({
        code: "LimitExceeded",
      });
    },
  );

  test("words are counted up to the bound, all of a search together", async () => {
    await indexed();
    const search = { indexId: 1, field: "text", conditions: ['"jpg"'], isPoint: false };
    const count = async (terms: string[], max: number) =>
      (await rig.metadata.queries.countSearches([{ search: { ...search, terms }, keys: EVERY_KEY }], max))[0];
    expect(await count(["jpg", "jpg", "absent"], 1_000)).toBe(480);
    expect(await count(["jpg", "jpg", "absent"], 300)).toBe(300);
  });

  test("MATCH row by row costs the more the more words it has, those within a phrase too", async () => {
    await indexed();
    const by = (sought: string) =>
      rowsRead(
        `SELECT key FROM objects WHERE bucket = 'one' AND (objects MATCH '${sought}' OR size = 1) ORDER BY size`,
      );
    const one = await by("e");
    expect(await by(`"${"e ".repeat(32)}"`)).toBeGreaterThan(20 * one);
  });

  test("an index of words is read whole in each step, and so one step has as many rows as it may", async () => {
    await indexed();
    const { run, prepared } = await prepare(
      "SELECT count(*) FROM objects WHERE bucket = 'one' AND objects MATCH 'jpg'",
    );
    const bounds = vi.spyOn(run.queries, "searchBoundary");
    await takePage(run, prepared, { start: FIRST_PAGE, rows: 10, bytesMax: 1e7 });
    expect(bounds.mock.calls.map(([, , rows]) => rows)).toEqual([20_000]);
    bounds.mockRestore();
  });

  test.each([
    ["keys", part({}, A)],
    ["tags", part({ tags: A }, EVERY_KEY)],
  ])("hidden %s change no estimate", async (_, bucket) => {
    await indexed();
    const query = "SELECT key FROM objects WHERE bucket = 'one' AND starts_with(key, 'a/') AND objects MATCH 'film'";
    const before = await rowsRead(query, bucket);
    rig.objects(
      Array.from({ length: 300 }, (__, at) => ({ bucketId: 1, key: `c/film-${at}`, tags: { team: "film" } })),
    );
    expect(await rowsRead(query, bucket)).toBe(before);
  });
});

describe("errors", () => {
  test.each([
    ["SELECT key FROM objects WHERE bucket = 'two' AND objects MATCH 'film'", "InvalidQuery", /no complete index/],
    ["SELECT key FROM objects WHERE objects MATCH 'film'", "NotAllowed", /one bucket/],
    ["SELECT key, objects MATCH 'film' FROM objects WHERE bucket = 'one'", "NotAllowed", /WHERE and ON/],
    [
      "SELECT count(*) FILTER (WHERE objects MATCH 'film') FROM objects WHERE bucket = 'one'",
      "NotAllowed",
      /WHERE and ON/,
    ],
    ["SELECT count(*) FROM objects WHERE bucket = 'one' GROUP BY key MATCH 'film'", "NotAllowed", /WHERE and ON/],
    ["SELECT count(*) FROM objects WHERE bucket = 'one' HAVING key MATCH 'film'", "NotAllowed", /WHERE and ON/],
    ["SELECT key FROM objects WHERE bucket = 'one' AND size MATCH 'film'", "NotAllowed", /table objects/],
    ["SELECT key FROM tags WHERE bucket = 'one' AND tags MATCH 'film'", "NotAllowed", /table objects/],
    ["SELECT key FROM versions WHERE bucket = 'one' AND key MATCH 'film'", "NotAllowed", /table objects/],
    ["SELECT 1 WHERE 'x' MATCH 'film'", "NotAllowed", /table objects/],
    ["SELECT key FROM objects WHERE bucket = 'one' AND key MATCH etag", "NotAllowed", /as a text/],
    ["SELECT key FROM objects WHERE bucket = 'one' AND key MATCH 'a AND'", "InvalidQuery", /cannot be read/],
    ["SELECT key FROM objects WHERE bucket = 'one' AND key MATCH 'holi*'", "NotAllowed", /whole words/],
    [
      "SELECT a.key FROM objects a, objects b WHERE a.bucket = 'one' AND b.bucket = 'one' AND tags MATCH 'film'",
      "NotAllowed",
      /table objects/,
    ],
    [
      "SELECT tags.key FROM objects tags WHERE EXISTS (SELECT 1 FROM (SELECT 'film' AS tags) x WHERE tags MATCH 'film')",
      "NotAllowed",
      /table objects/,
    ],
  ])("%s", async (query, code, message) => {
    await indexed();
    await expect(prepare(query, whole, [seen(2, "two")])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test("a bucket that the caller may not list has no rows, and says nothing of its index", async () => {
    await indexed();
    const query = "SELECT count(*) FROM objects WHERE bucket = 'one' AND objects MATCH 'film'";
    expect(await ask(query, seen(2, "two"))).toEqual([[0]]);
  });
});

describe("what keeps it", () => {
  const change = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), key: fc.nat(4), word: fc.nat(7) }),
    fc.record({ kind: fc.constant("tag" as const), key: fc.nat(4), word: fc.nat(7) }),
    fc.record({ kind: fc.constant("rename" as const), key: fc.nat(4), word: fc.nat(4) }),
    fc.record({ kind: fc.constant("delete" as const), key: fc.nat(4), word: fc.constant(0) }),
    fc.record({ kind: fc.constant("fill" as const), key: fc.integer({ min: 1, max: 3 }), word: fc.constant(0) }),
  );

  test("whatever is done to objects, the words are those of the objects", async () => {
    const { database } = rig.d1;
    const put = database.prepare(
      `INSERT OR REPLACE INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, tags, attributes)
       VALUES (1, ?, 'id', 1, 1, 1, 'e', 1, 'STANDARD', ?, '{"user":{"title":"holiday"}}')`,
    );
    const tagged = (word: number) => (word === 0 ? null : JSON.stringify([["team", wordAt(word)]]));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 25 }), async (changes) => {
        database.exec("DELETE FROM objects; UPDATE search_indexes SET dropped_ms = 0 WHERE dropped_ms IS NULL");
        for (const key of ["0", "3"]) put.run(key, tagged(1));
        await rig.metadata.search.set(1, TEXT, 0);
        for (const { kind, key, word } of changes) {
          if (kind === "put") put.run(String(key), tagged(word));
          if (kind === "tag")
            database.prepare("UPDATE objects SET tags = ? WHERE key = ?").run(tagged(word), String(key));
          if (kind === "rename")
            database.prepare("UPDATE OR REPLACE objects SET key = ? WHERE key = ?").run(String(word), String(key));
          if (kind === "delete") database.prepare("DELETE FROM objects WHERE key = ?").run(String(key));
          const next = kind === "fill" ? await rig.metadata.search.unfilled() : null;
          if (next) await rig.metadata.search.fillOn(next, key);
        }
        await fill();
        for (const word of WORDS) {
          const held = database
            .prepare("SELECT key FROM objects WHERE tags LIKE ? OR ? = 'holiday' ORDER BY 1")
            .all(`%"${word}"%`, word);
          const query = `SELECT key FROM objects WHERE bucket = 'one' AND objects MATCH '${word}'`;
          expect((await ask(query)).map(([key]) => ({ key }))).toEqual(held.map((row) => ({ ...row })));
        }
      }),
      { numRuns: 8 },
    );
  });

  test("a bucket without one has no rows of it, nor a table", async () => {
    await rig.metadata.search.set(2, new Set<SearchField>(["tags"]), 0);
    rig.objects(ROWS.slice(0, 10));
    expect([count("search_texts"), hasTable()]).toEqual([0, false]);
  });

  test("what was dropped goes later, and the table with the last one", async () => {
    const { search } = rig.metadata;
    rig.objects([...ROWS.slice(0, 10), { bucketId: 2, key: "film" }]);
    await search.set(1, TEXT, 0);
    await search.set(2, TEXT, 0);
    await fill(3);
    expect([count("search_texts"), count("search_text('jpg')")]).toEqual([11, 10]);
    await search.drop(1, 1_000);
    expect(await search.sweep(1_000, 4)).toBe(4);
    expect(await search.sweep(1_000, 10)).toBe(6);
    expect(await search.sweep(1_000, 10)).toBe(null);
    expect([count("search_texts"), count("search_text('jpg')"), hasTable()]).toEqual([1, 0, true]);
    rig.d1.database.exec("DELETE FROM objects; DELETE FROM buckets WHERE id = 2");
    expect(await search.sweep(1_000, 10)).toBe(0);
    // A Worker that ends here leaves the table to the next one.
    expect([count("search_indexes"), count("search_texts"), hasTable()]).toEqual([0, 0, true]);
    expect(await search.sweep(1_000, 10)).toBe(null);
    expect(hasTable()).toBe(false);
    rig.objects(ROWS.slice(0, 3));
    await search.set(1, TEXT, 2_000);
    await fill();
    expect((await ask("SELECT count(*) FROM objects WHERE bucket = 'one' AND objects MATCH 'jpg'"))[0]).toEqual([3]);
  });

  test("a database without the table makes it again, and fills it", async () => {
    await indexed();
    const query = "SELECT count(*) FROM objects WHERE bucket = 'one' AND objects MATCH 'film'";
    const before = await ask(query);
    for (const sql of [
      "DROP TRIGGER search_text_of_new_row",
      "DROP TRIGGER search_text_of_old_row",
      "DROP TABLE search_text",
    ])
      rig.d1.database.exec(sql);
    rig.d1.database.exec("DELETE FROM objects WHERE size_bytes = 5");
    rig.objects([{ ...(ROWS[5] as NewRow) }]);
    await fill();
    expect(await ask(query)).toEqual(before);
  });
});
