import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { SEARCH_FIELDS } from "../../src/metadata/search/search.ts";
import { takePage } from "../../src/query/ask.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { prepareQuery } from "../../src/query/run.ts";
import { readQuerySettings } from "../../src/query/settings.ts";
import { FIRST_PAGE } from "../../src/query/token.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { putObject } from "../../src/store/write/write.ts";
import { seen } from "../support/seen.ts";
import { bodyOf, openTestStore, type TestStore } from "../support/store.ts";

const KEYS = ["a", "b", "c"];
let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ countsRows: true });
  await createBucket(rig.store, { name: "mine", owner: "o", region: "us-east-1" });
  for (const key of KEYS) {
    const attributes = { system: {}, user: { by: "me" } };
    const body = bodyOf(new Uint8Array(1));
    await putObject(rig.store, { bucket: "mine", key, attributes, storageClass: "STANDARD", body });
  }
});
afterAll(() => rig.dispose());

async function ask(text: string, parameters: string[] = []) {
  const { metadata } = rig.store;
  const run = { queries: metadata.queries, clock: systemClock, limits: readQuerySettings({}) };
  const input = { text, parameters, dialect: "sqlite" as const };
  const options = { sight: { buckets: [seen(1, "mine")], isOperator: false } };
  const prepared = await prepareQuery(run, input, { parsed: parseQuery(text), options });
  return takePage(run, prepared, { start: FIRST_PAGE, rows: 1_000, bytesMax: 1e9 });
}

test("D1 takes the statements by which it cuts long rows", async () => {
  const long = "a".repeat(40_000);
  const { columns, rows, next } = await ask("SELECT key, key, ?1 AS x FROM objects ORDER BY key", [long]);
  expect([columns, next]).toEqual([["key", "key", "x"], null]);
  expect(rows).toEqual(KEYS.map((key) => [key, key, long]));
  const wide = await ask(`SELECT ${Array(97).fill("key").join(", ")}, metadata FROM objects ORDER BY key`);
  expect(wide.rows.map((row) => [row.length, row[96], row[97]])).toEqual(KEYS.map((key) => [98, key, '{"by":"me"}']));
});

test.each([
  ["SELECT key, hex(hex(key)) AS x FROM objects", KEYS.map((key) => [key, expect.any(String)])],
  ["SELECT key, name, value FROM metadata", KEYS.map((key) => [key, "by", "me"])],
  ["SELECT key, is_latest FROM versions", KEYS.map((key) => [key, 1])],
  ["SELECT group_concat(key) AS x, count(*) FROM objects GROUP BY bucket", [["a,b,c", 3]]],
  ["SELECT key, max(size) FROM objects GROUP BY key", KEYS.map((key) => [key, 1])],
  ["WITH t AS (SELECT json_group_array(key) AS x FROM objects) SELECT t.x FROM t", [['["a","b","c"]']]],
])("and of %s", async (text, rows) => {
  const page = await ask(text);
  expect([page.rows, page.next]).toEqual([rows, null]);
});

test("an index of a bucket is filled, kept by its writes and used in D1", async () => {
  const { metadata } = rig.store;
  await metadata.search.set(1, new Set(SEARCH_FIELDS), 0);
  for (let next = await metadata.search.unfilled(); next !== null; next = await metadata.search.unfilled()) {
    await metadata.search.fillOn(next, 2);
  }
  const attributes = { system: {}, user: { by: "you" } };
  rig.takeCost();
  await putObject(rig.store, {
    bucket: "mine",
    key: "d",
    attributes,
    storageClass: "STANDARD",
    body: bodyOf(new Uint8Array(9)),
  });
  // The object, the usage of the bucket; its metadata, its size and its date; its row of texts with an index, and what FTS5 writes.
  const cost = rig.takeCost();
  expect(cost.roundTrips).toBe(1);
  expect(cost.rowsWritten).toBeGreaterThanOrEqual(2 + 3 + 2);
  expect(cost.rowsWritten).toBeLessThanOrEqual(2 + 3 + 2 + 6);
  const indexes = await metadata.search.complete({ ownerAccount: "", isFirst: true, names: ["mine"] });
  for (const [condition, keys] of [
    ["metadata ->> 'by' = 'me'", KEYS],
    ["metadata ->> 'by' IN ('you', 'x')", ["d"]],
    ["size > 1", ["d"]],
    ["last_modified > datetime('now', '-1 hour')", [...KEYS, "d"]],
    ["objects MATCH '(me OR you) NOT b'", ["a", "c", "d"]],
    ["metadata MATCH 'by AND you'", ["d"]],
  ] as const) {
    const text = `SELECT key FROM objects WHERE ${condition}`;
    const run = { queries: metadata.queries, clock: systemClock, limits: readQuerySettings({}) };
    const input = { text, parameters: [], dialect: "sqlite" as const };
    const options = { sight: { buckets: [seen(1, "mine")], isOperator: false, indexes } };
    const prepared = await prepareQuery(run, input, { parsed: parseQuery(text), options });
    expect(prepared.compiled.uses[0]?.search).not.toBe(null);
    const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: 1_000, bytesMax: 1e9 });
    expect([condition, page.rows.flat()]).toEqual([condition, keys]);
  }
  // MATCH that no index answers alone.
  for (const [condition, keys] of [
    ["NOT objects MATCH 'you'", KEYS],
    ["size = 9 OR key MATCH 'b'", ["b", "d"]],
  ] as const) {
    const text = `SELECT key FROM objects WHERE ${condition}`;
    const run = { queries: metadata.queries, clock: systemClock, limits: readQuerySettings({}) };
    const input = { text, parameters: [], dialect: "sqlite" as const };
    const options = { sight: { buckets: [seen(1, "mine")], isOperator: false, indexes } };
    const prepared = await prepareQuery(run, input, { parsed: parseQuery(text), options });
    const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: 1_000, bytesMax: 1e9 });
    expect([condition, page.rows.flat()]).toEqual([condition, keys]);
  }
  await deleteObject(rig.store, { bucket: "mine", key: "d" });
  expect(
    await metadata.queries.countSearches(
      [
        {
          search: { indexId: 1, field: "metadata:by", conditions: ["= 'you'"], isPoint: true },
          keys: [{ lo: "", hi: null }],
        },
      ],
      10,
    ),
  ).toEqual([0]);
});
