import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { EVERY_KEY, prefixRange } from "../../src/base/key-range.ts";
import type { VisibleBucket } from "../../src/metadata/query/visible.ts";
import { SEARCH_FIELDS, type SearchField } from "../../src/metadata/search/search.ts";
import { takePage } from "../../src/query/ask.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { estimateRows, prepareQuery } from "../../src/query/run.ts";
import { readQuerySettings } from "../../src/query/settings.ts";
import { FIRST_PAGE, type PageStart } from "../../src/query/token.ts";
import { seen } from "../support/seen.ts";
import { type NewRow, QueryRig } from "./rig.ts";

const COUNT = 2_000;
const ROWS: readonly NewRow[] = Array.from({ length: COUNT }, (_, at) => ({
  bucketId: 1,
  key: `${at % 2 ? "a" : "b"}/${String(at).padStart(4, "0")}`,
  size: at,
  modifiedMs: Date.UTC(2026, 0, 1) + at * 60_000,
  tags: { team: `t${at % 100}` },
  user: { owner: `o${at % 50}` },
}));
const ALL = new Set(SEARCH_FIELDS);

let rig: QueryRig;
beforeEach(() => {
  rig = new QueryRig();
  rig.bucket(1, "one");
});
afterEach(() => rig.d1.close());

const values = () =>
  rig.d1.database.prepare("SELECT index_id, field, value, key FROM search_values ORDER BY 1, 2, 3, 4").all();
const entries = () =>
  rig.d1.database
    .prepare("SELECT index_id, field, value, key FROM search_entries WHERE value IS NOT NULL ORDER BY 1, 2, 3, 4")
    .all();

async function fill(): Promise<void> {
  const { search } = rig.metadata;
  for (let next = await search.unfilled(); next !== null; next = await search.unfilled())
    await search.fillOn(next, 300);
}

async function prepare(text: string, bucket: VisibleBucket = seen(1, "one")) {
  const indexes = await rig.metadata.search.complete({ ownerAccount: "", isFirst: true, names: ["one"] });
  const run = { queries: rig.metadata.queries, clock: systemClock, limits: readQuerySettings({}) };
  const input = { text, parameters: [], dialect: "sqlite" as const };
  const options = { sight: { buckets: [bucket], isOperator: false, indexes } };
  return { run, prepared: await prepareQuery(run, input, { parsed: parseQuery(text), options }) };
}

async function rowsRead(text: string, bucket?: VisibleBucket): Promise<number> {
  const { run, prepared } = await prepare(text, bucket);
  return (await estimateRows(run, prepared, 1_000_000)).rows;
}

async function ask(text: string, rows = 1_000, start: PageStart = FIRST_PAGE) {
  const { run, prepared } = await prepare(text);
  return takePage(run, prepared, { start, rows, bytesMax: 1e7 });
}

test.each([
  ["tags ->> 'team' = 't7'", 20],
  ["metadata ->> 'owner' = 'o7'", 40],
  ["element_at(metadata, 'owner') IN ('o7', 'o8')", 80],
  ["size < 10", 10],
  ["size BETWEEN 100 AND 109 AND tags ->> 'team' = 't7'", 10],
  ["last_modified >= '2026-01-02 09:00'", 20],
  ["last_modified_ms <= 1767225900000", 16],
  ["starts_with(key, 'a/') AND tags ->> 'team' = 't7'", 20],
  ["starts_with(key, 'b/') AND tags ->> 'team' = 't7'", 0],
])("with its index %s reads few rows, and has the same result", async (condition, count) => {
  rig.objects(ROWS);
  const query = `SELECT key FROM objects WHERE bucket = 'one' AND ${condition}`;
  const plain = await ask(query);
  expect(await rowsRead(query)).toBeGreaterThanOrEqual(condition.includes("key") ? 1_000 : 2_000);
  await rig.metadata.search.set(1, ALL, 0);
  await fill();
  // Each row's tags are ten rows more.
  expect(await rowsRead(query)).toBeLessThanOrEqual(Math.max(1, count) * 13);
  const found = await ask(query);
  expect(found.rows).toEqual(plain.rows);
  expect((await ask(`SELECT count(*) FROM objects WHERE bucket = 'one' AND ${condition}`)).rows).toEqual([
    [plain.rows.length],
  ]);
  expect((await ask(`${query} ORDER BY size DESC`)).rows.length).toBe(plain.rows.length);
});

test("tables tags and metadata are read by it too", async () => {
  await rig.metadata.search.set(1, ALL, 0);
  rig.objects(ROWS);
  await fill();
  for (const [table, name, value] of [
    ["tags", "team", "t9"],
    ["metadata", "owner", "o9"],
  ]) {
    const query = `SELECT key FROM ${table} WHERE bucket = 'one' AND name = '${name}' AND value = '${value}'`;
    expect(await rowsRead(query)).toBeLessThan(1_000);
    expect((await ask(query)).rows.length).toBe(table === "tags" ? 20 : 40);
  }
});

test("pages follow one another", async () => {
  rig.objects(ROWS);
  await rig.metadata.search.set(1, ALL, 0);
  await fill();
  const query = "SELECT key FROM objects WHERE bucket = 'one' AND metadata ->> 'owner' IN ('o7', 'o8')";
  const whole = (await ask(query)).rows;
  const pages: unknown[] = [];
  let start: PageStart | null = FIRST_PAGE;
  while (start !== null) {
    const page: Awaited<ReturnType<typeof ask>> = await ask(query, 7, start);
    pages.push(...page.rows);
    start = page.next;
  }
  expect(pages).toEqual(whole);
  expect(whole.length).toBe(80);
});

test("few of many conditions are counted, and all hold", async () => {
  rig.objects(ROWS);
  await rig.metadata.search.set(1, ALL, 0);
  await fill();
  const { queries } = rig.metadata;
  const counted: number[] = [];
  const countSearches = queries.countSearches.bind(queries);
  queries.countSearches = (searches, max) => {
    counted.push(searches.length);
    return countSearches(searches, max);
  };
  const group = `(${Array(20).fill("tags ->> 'team' = 't7'").join(" AND ")})`;
  const conditions = [...Array(5).fill(group), "metadata ->> 'owner' = 'o8'"].join(" AND ");
  expect((await ask(`SELECT key FROM objects WHERE bucket = 'one' AND ${conditions}`)).rows).toEqual([]);
  expect(counted[0]).toBeLessThanOrEqual(8);
});

test.each([
  ["of tags that the caller may not see", "tags ->> 'team' = 't7'", { tags: [] }],
  ["of tags of which he may see a part", "tags ->> 'team' = 't7'", { tags: [prefixRange("a/")] }],
  ["of metadata that he may not see", "metadata ->> 'owner' = 'o7'", { content: [] }],
])("it is not used %s: neither rows nor counts tell of them", async (_, condition, hidden) => {
  rig.objects(ROWS);
  await rig.metadata.search.set(1, ALL, 0);
  await fill();
  const bucket = seen(1, "one");
  const current = { content: EVERY_KEY, tags: EVERY_KEY, lock: EVERY_KEY, ...hidden };
  const query = `SELECT key FROM objects WHERE bucket = 'one' AND ${condition}`;
  expect(await rowsRead(query, { ...bucket, current })).toBeGreaterThanOrEqual(2_000);
  expect(await rowsRead(query, { ...bucket, ownersOnly: true })).toBeGreaterThanOrEqual(2_000);
});

test.each([
  ["sizes of keys that the caller may not list", "size BETWEEN 7 AND 9", {}, false],
  ["dates of such keys", "last_modified >= '2026-01-02 09:00'", {}, false],
  ["tags of such keys", "tags ->> 'team' IN ('t7', 't8')", {}, false],
  ["tags that he may not read", "tags ->> 'team' IN ('t7', 't8')", { tags: [prefixRange("a/")] }, true],
  ["metadata that he may not read", "metadata ->> 'owner' IN ('o7', 'o8')", { content: [prefixRange("a/")] }, true],
])(
  "it is not used for several values of %s: neither rows nor counts tell of them",
  async (_, condition, hidden, isWhole) => {
    rig.objects(ROWS);
    const whole = seen(1, "one", isWhole ? EVERY_KEY : [prefixRange("a/")]);
    const bucket = { ...whole, current: { ...whole.current, ...hidden } };
    const query = `SELECT key FROM objects WHERE bucket = 'one' AND starts_with(key, 'a/') AND ${condition}`;
    const plain = await rowsRead(query, bucket);
    await rig.metadata.search.set(1, ALL, 0);
    await fill();
    expect(await rowsRead(query, bucket)).toBe(plain);
    expect(await rowsRead(query)).toBeLessThan(plain);
  },
);

test.each([
  ["max('2026-01-01')", /misuse of aggregate/],
  ["json_extract('{', '$.a')", /malformed JSON/],
])("what is wrong with a constant is said of the query: %s", async (constant, message) => {
  rig.objects(ROWS.slice(0, 10));
  await rig.metadata.search.set(1, ALL, 0);
  await fill();
  const query = `SELECT key FROM objects WHERE bucket = 'one' AND last_modified > ${constant}`;
  await expect(prepare(query)).rejects.toMatchObject({
    code: "InvalidQuery",
    message: expect.stringMatching(message),
  });
  const { run, prepared } = await prepare(
    "SELECT key FROM objects WHERE bucket = 'one' AND last_modified > '2026-01-01'",
  );
  const uses = prepared.compiled.uses.map((use) => ({
    ...use,
    search: use.search && { ...use.search, conditions: [`> ${constant}`] },
  }));
  const changed = { ...prepared, compiled: { ...prepared.compiled, uses } };
  await expect(estimateRows(run, changed, 10)).rejects.toMatchObject({ code: "InvalidQuery" });
});

test("metadata under a client's key is not in it", async () => {
  await rig.metadata.search.set(1, ALL, 0);
  rig.objects([{ bucketId: 1, key: "k", user: { owner: "me" }, encryption: "SSE-C" }]);
  expect(values().map((row) => (row as { field: string }).field)).toEqual(["modified", "size"]);
});

test("a bucket without one has no rows of it", () => {
  rig.objects(ROWS.slice(0, 10));
  expect(values()).toEqual([]);
});

test("an index with other fields is another one; what was dropped goes later", async () => {
  const { search } = rig.metadata;
  await search.set(1, new Set<SearchField>(["tags"]), 1_000);
  rig.objects(ROWS.slice(0, 10));
  await fill();
  await search.set(1, new Set<SearchField>(["tags"]), 2_000);
  expect((await search.ofBucket("one"))?.index).toMatchObject({ id: 1, filledTo: null });
  await search.set(1, new Set<SearchField>(["size"]), 3_000);
  expect((await search.ofBucket("one"))?.index).toMatchObject({ id: 2, filledTo: "" });
  expect(await search.complete({ ownerAccount: "", isFirst: true, names: null })).toEqual(new Map());
  await fill();
  expect(values().length).toBe(20);
  expect(await search.sweep(2_999, 100)).toBe(null);
  expect(await search.sweep(3_000, 4)).toBe(4);
  expect(await search.sweep(3_000, 100)).toBe(6);
  expect(await search.sweep(3_000, 100)).toBe(null);
  expect(values().length).toBe(10);
  await search.drop(1, 4_000);
  expect((await search.ofBucket("one"))?.index).toBe(null);
  rig.objects(ROWS.slice(10, 20));
  expect(values().length).toBe(10);
});

test("a bucket that is deleted takes its index along", async () => {
  await rig.metadata.search.set(1, ALL, 5);
  rig.objects(ROWS.slice(0, 3));
  rig.d1.database.exec("DELETE FROM objects; DELETE FROM buckets");
  expect(values()).toEqual([]);
  expect(await rig.metadata.search.sweep(0, 10)).toBe(0);
  expect(await rig.metadata.search.sweep(0, 10)).toBe(null);
});

const change = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), key: fc.nat(5), tag: fc.nat(2), size: fc.nat(3) }),
  fc.record({ kind: fc.constant("tag" as const), key: fc.nat(5), tag: fc.nat(2) }),
  fc.record({ kind: fc.constant("rename" as const), key: fc.nat(5), to: fc.nat(5) }),
  fc.record({ kind: fc.constant("delete" as const), key: fc.nat(5) }),
  fc.record({ kind: fc.constant("fill" as const), rows: fc.integer({ min: 1, max: 3 }) }),
);

test("whatever is done to objects, the values are those of the objects", async () => {
  rig.bucket(2, "other");
  const { database } = rig.d1;
  const put = database.prepare(
    `INSERT OR REPLACE INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, tags, attributes)
     VALUES (1, ?, 'id', 1, 1, ?, 'e', ?, 'STANDARD', ?, ?)`,
  );
  const tagged = (tag: number) => (tag === 0 ? null : JSON.stringify([["team", `t${tag}`]]));
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 30 }),
      fc.subarray([...SEARCH_FIELDS], { minLength: 1 }),
      async (all, fields) => {
        database.exec("DELETE FROM objects; DELETE FROM search_values; DELETE FROM search_indexes");
        for (const key of ["0", "3", "5"]) put.run(key, 1, 1, tagged(1), '{"user":{"a":"b"}}');
        await rig.metadata.search.set(1, new Set(fields), 0);
        for (const [at, one] of all.entries()) {
          const key = "key" in one ? String(one.key) : "";
          if (one.kind === "put") put.run(key, one.size, at, tagged(one.tag), `{"user":{"a":"${one.size}"}}`);
          if (one.kind === "tag")
            database.prepare("UPDATE objects SET tags = ? WHERE key = ?").run(tagged(one.tag), key);
          if (one.kind === "rename")
            database.prepare("UPDATE OR REPLACE objects SET key = ? WHERE key = ?").run(String(one.to), key);
          if (one.kind === "delete") database.prepare("DELETE FROM objects WHERE key = ?").run(key);
          const next = one.kind === "fill" ? await rig.metadata.search.unfilled() : null;
          if (one.kind === "fill" && next) await rig.metadata.search.fillOn(next, one.rows);
        }
        await fill();
        expect(values()).toEqual(entries());
      },
    ),
    { numRuns: 60 },
  );
});
