import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { KeyRange } from "../../src/base/key-range.ts";
import { SEARCH_FIELDS } from "../../src/metadata/search/search.ts";
import { takePage } from "../../src/query/ask.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { prepareQuery } from "../../src/query/run.ts";
import { readQuerySettings } from "../../src/query/settings.ts";
import { FIRST_PAGE } from "../../src/query/token.ts";
import { seen } from "../support/seen.ts";
import { QueryRig } from "./rig.ts";

/** Rows of three buckets: all of the first may be seen, a part of the second and nothing of the third. */
const ROWS = Array.from({ length: 1_500 }, (_, index) => {
  const bucketId = 1 + (index % 3);
  const folder = ["a/", "b/", "ü/", ""][(index >> 2) % 4];
  return {
    bucketId,
    key: `${folder}${(index * 7919) % 1_500}`,
    size: (index * 37) % 101,
    etag: `e${index % 40}`,
    modifiedMs: 1_700_000_000_000 + index * 3_600_000,
    storageClass: index % 5 === 0 ? "GLACIER" : "STANDARD",
    tags: index % 4 === 0 ? { team: `t${index % 3}`, ü: "x" } : undefined,
    user: { owner: `o${index % 6}`, n: String(index % 10) },
    contentType: ["text/plain", "image/png", undefined][index % 3],
  };
});
const NAMES = ["", "one", "two", "three"];
const PART: readonly KeyRange[] = [
  { lo: "a/", hi: "a0" },
  { lo: "ü/", hi: "ü0" },
];
const mayBeSeen = ({ bucketId, key }: (typeof ROWS)[number]) =>
  bucketId === 1 || (bucketId === 2 && (key.startsWith("a/") || key.startsWith("ü/")));

function oracle(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(`CREATE TABLE objects (bucket TEXT, key TEXT, size INTEGER, etag TEXT, last_modified TEXT, last_modified_ms INTEGER,
    storage_class TEXT, content_type TEXT, metadata TEXT, tags TEXT);
    CREATE TABLE tags (bucket TEXT, key TEXT, name TEXT, value TEXT)`);
  const object = database.prepare("INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const tag = database.prepare("INSERT INTO tags VALUES (?, ?, ?, ?)");
  for (const row of ROWS.filter(mayBeSeen)) {
    const bucket = NAMES[row.bucketId] as string;
    const at = new Date(row.modifiedMs).toISOString().replace("T", " ").replace("Z", "");
    const maps = [JSON.stringify(row.user), JSON.stringify(row.tags ?? {})];
    object.run(
      bucket,
      row.key,
      row.size,
      row.etag,
      at,
      row.modifiedMs,
      row.storageClass,
      row.contentType ?? null,
      ...maps,
    );
    for (const [name, value] of Object.entries(row.tags ?? {})) tag.run(bucket, row.key, name, value);
  }
  return database;
}

const column = fc.constantFrom(
  "key",
  "size",
  "etag",
  "storage_class",
  "content_type",
  "bucket",
  "last_modified",
  "metadata ->> 'owner'",
  "tags ->> 'team'",
);
const condition = fc.constantFrom(
  "bucket = 'one'",
  "bucket IN ('one', 'three', 'two')",
  "bucket = 'three'",
  "bucket <> 'one'",
  "key GLOB 'a/*'",
  "key LIKE 'A/1%'",
  "starts_with(key, 'a/')",
  "key >= 'a/5' AND key < 'b/3'",
  "key BETWEEN 'a/1' AND 'ü/2'",
  "key IN ('a/77', 'ü/91', '1404')",
  "key = 'a/14'",
  "size > 50",
  "size % 7 = 3",
  "size IS NOT NULL",
  "content_type IS NULL",
  "content_type = 'image/png' OR size < 10",
  "last_modified >= '2023-12-01'",
  "date(last_modified) = '2023-12-24'",
  "tags ->> 'team' = 't1'",
  "metadata ->> 'n' IN ('1', '7')",
  "NOT (size BETWEEN 20 AND 80)",
  "CASE WHEN size > 90 THEN 1 WHEN storage_class = 'GLACIER' THEN 1 ELSE 0 END",
  "length(key) > 4 AND instr(key, '7') > 0",
  "EXISTS (SELECT 1 FROM tags t WHERE t.key = objects.key AND t.bucket = objects.bucket AND t.name = 'team')",
  "bucket = 'one' AND tags ->> 'team' = 't1'",
  "bucket = 'two' AND metadata ->> 'n' IN ('1', '7')",
  "bucket = 'two' AND metadata ->> 'owner' = 'o2' AND size < 40",
  "bucket = 'one' AND size >= 9 * 10",
  "bucket = 'two' AND size BETWEEN 7 AND 9.5 AND key > 'a/3'",
  "bucket = 'one' AND last_modified >= date('2024-01-10', '+2 days')",
  "bucket = 'one' AND last_modified_ms < 1700400000000.5",
  "bucket = 'one' AND starts_with(key, 'a/') AND tags ->> 'ü' = 'x'",
  "size > (SELECT avg(size) FROM objects)",
  "etag IN (SELECT etag FROM objects WHERE bucket = 'two')",
);
const where = fc
  .array(condition, { maxLength: 3 })
  .map((all) => (all.length === 0 ? "" : ` WHERE ${all.map((one) => `(${one})`).join(" AND ")}`));
const aggregate = fc.constantFrom(
  "count(*)",
  "sum(size)",
  "min(key)",
  "max(last_modified_ms)",
  "count(content_type)",
  "avg(size)",
  "total(size)",
  "count(DISTINCT etag)",
  "count(*) FILTER (WHERE size > 30)",
  "sum(size) + count(*) * 2",
  "round(avg(size), 3)",
  "max(size) - min(size)",
);

const query = fc.oneof(
  fc
    .tuple(fc.uniqueArray(column, { minLength: 1, maxLength: 4 }), where)
    .map(([columns, conditions]) => `SELECT ${columns.join(", ")} FROM objects${conditions}`),
  fc
    .tuple(column, fc.array(aggregate, { minLength: 1, maxLength: 3 }), where)
    .map(
      ([group, all, conditions]) =>
        `SELECT ${group} AS g, ${all.join(", ")} FROM objects${conditions} GROUP BY ${group}`,
    ),
  fc
    .tuple(fc.array(aggregate, { minLength: 1, maxLength: 4 }), where)
    .map(([all, conditions]) => `SELECT ${all.join(", ")} FROM objects${conditions}`),
  fc
    .tuple(column, where)
    .map(
      ([group, conditions]) =>
        `SELECT ${group}, count(*) AS n FROM objects${conditions} GROUP BY 1 HAVING count(*) > 3 AND sum(size) > 50 ORDER BY n DESC, 1 LIMIT 5`,
    ),
  fc
    .tuple(where, fc.nat(40), fc.nat(10))
    .map(
      ([conditions, limit, offset]) =>
        `SELECT bucket, key, size FROM objects${conditions} ORDER BY size DESC, bucket, key LIMIT ${limit} OFFSET ${offset}`,
    ),
  where.map((conditions) => `SELECT DISTINCT storage_class, content_type FROM objects${conditions}`),
  where.map(
    (conditions) =>
      `WITH big AS (SELECT bucket, key, size FROM objects${conditions}) SELECT b.bucket, count(*), sum(size) FROM big AS b GROUP BY b.bucket`,
  ),
  where.map(
    (conditions) =>
      `SELECT t.name, t.value, count(*) FROM tags t JOIN objects o ON o.bucket = t.bucket AND o.key = t.key${conditions
        .replaceAll(/\b(bucket|key|tags)\b(?! t)/g, "o.$1")
        .replaceAll("objects.o.", "o.")
        .replaceAll("t.o.", "t.")
        .replaceAll("FROM o.tags", "FROM tags")} GROUP BY 1, 2`,
  ),
  where.map(
    (conditions) =>
      `SELECT key, row_number() OVER (PARTITION BY bucket ORDER BY size, key) AS r, sum(size) OVER (PARTITION BY storage_class) FROM objects${conditions}`,
  ),
  where.map((conditions) => `SELECT key FROM objects${conditions} EXCEPT SELECT key FROM tags WHERE value = 't0'`),
  where.map(
    (conditions) =>
      `SELECT o.key, o.size, s.n FROM (SELECT * FROM objects${conditions}) o LEFT JOIN (SELECT etag, count(*) AS n FROM objects GROUP BY etag) s ON s.etag = o.etag`,
  ),
  fc
    .tuple(column, where)
    .map(
      ([group, conditions]) =>
        `SELECT ${group} AS g, avg(size) AS a FROM objects${conditions} GROUP BY ${group} ORDER BY a, g LIMIT 7 OFFSET 2`,
    ),
);

/** Runs generated queries and compares them with SQLite's own results over the rows that may be seen. */
export function comparesWithSqlite(numRuns: number): void {
  test(`${numRuns} generated queries have the results that SQLite has over the rows that may be seen`, async () => {
    const rig = new QueryRig();
    for (const id of [1, 2, 3]) rig.bucket(id, NAMES[id] as string);
    const { search } = rig.metadata;
    // One index is kept by the writes, another is filled afterwards.
    await search.set(1, new Set(SEARCH_FIELDS), 0);
    rig.objects(ROWS);
    await search.set(2, new Set(SEARCH_FIELDS), 0);
    for (let next = await search.unfilled(); next !== null; next = await search.unfilled())
      await search.fillOn(next, 70);
    const indexes = await search.complete({ ownerAccount: "", isFirst: true, names: null });
    const expected = oracle();
    const sight = { buckets: [seen(1, "one"), seen(2, "two", PART)], isOperator: false, indexes };
    const run = {
      queries: rig.metadata.queries,
      clock: systemClock,
      limits: { ...readQuerySettings({}), wholeRowsMax: 1e15 },
    };
    let [stepped, searched] = [0, 0];
    await fc.assert(
      fc.asyncProperty(query, async (text) => {
        const input = { text, parameters: [], dialect: "sqlite" as const };
        const prepared = await prepareQuery(run, input, { parsed: parseQuery(text), options: { sight } });
        if (prepared.steps) stepped++;
        if (prepared.compiled.uses.some((use) => use.search !== null)) searched++;
        const page = await takePage(run, prepared, { start: FIRST_PAGE, rows: 100_000, bytesMax: 1e9 });
        const statement = expected.prepare(
          text
            .replaceAll("starts_with(key, 'a/')", "key GLOB 'a/*'")
            .replaceAll("starts_with(o.key, 'a/')", "o.key GLOB 'a/*'"),
        );
        statement.setReturnArrays(true);
        const wanted = statement.all() as unknown as unknown[][];
        const isOrdered = text.includes("ORDER BY") && !text.includes("OVER");
        const shown = (rows: readonly (readonly unknown[])[]) => {
          const texts = rows.map((row) =>
            JSON.stringify(row.map((value) => (typeof value === "number" ? Number(value.toPrecision(12)) : value))),
          );
          return isOrdered ? texts : texts.sort();
        };
        expect(shown(page.rows)).toEqual(shown(wanted));
      }),
      { numRuns },
    );
    expect(stepped).toBeGreaterThan(numRuns / 10);
    expect(searched).toBeGreaterThan(numRuns / 20);
    rig.d1.close();
  });
}
