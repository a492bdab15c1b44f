import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../src/base/clock.ts";
import { EVERY_KEY } from "../src/base/key-range.ts";
import { Metadata } from "../src/metadata/metadata.ts";
import { SEARCH_FIELDS } from "../src/metadata/search/search.ts";
import { takePage } from "../src/query/ask.ts";
import { parseQuery } from "../src/query/parse.ts";
import { prepareQuery } from "../src/query/run.ts";
import { readQuerySettings } from "../src/query/settings.ts";
import { FIRST_PAGE } from "../src/query/token.ts";
import { SqliteD1 } from "../test/support/sqlite-d1.ts";
import { besideRows } from "./sql/beside.ts";
import { median } from "./support/statistics.ts";
import { formatTable } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:sql -- [options]

Queries over the metadata in this process, each beside the same question asked of SQLite's own table, in turns over the same rows: milliseconds of CPU,
which other programs of the machine change little. Then GETs of a small object while heavy queries run, beside none, over a real D1 on workerd: by the clock.

  --objects N    rows (default 1000000)
  --rounds N     how often each is asked (default 5)
  --only PART    "plain" (questions without an index), "indexed" or "beside"
  --json FILE    writes the rows`;

const { values: options } = parseArgs({
  options: {
    objects: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

/** A query, and what SQLite is asked for itself. */
const QUESTIONS: readonly { name: string; query: string; own: string; isIndexed?: boolean }[] = [
  {
    name: "count and sum by prefix",
    query: "SELECT count(*) AS n, sum(size) AS bytes FROM objects WHERE bucket = 'b' AND starts_with(key, '2026/')",
    own: "SELECT count(*), sum(size_bytes) FROM objects WHERE bucket_id = 1 AND key >= '2026/' AND key < '20260'",
  },
  {
    name: "count and sum by folder",
    query: "SELECT substr(key, 1, 4) AS f, count(*), sum(size) FROM objects WHERE bucket = 'b' GROUP BY 1",
    own: "SELECT substr(key, 1, 4) AS f, count(*), sum(size_bytes) FROM objects WHERE bucket_id = 1 GROUP BY 1",
  },
  {
    name: "count by a tag, without an index",
    query: "SELECT count(*) FROM objects WHERE bucket = 'b' AND tags ->> 'team' = 't7'",
    own: `SELECT count(*) FROM objects WHERE bucket_id = 1 AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value ->> 0 = 'team' AND value ->> 1 = 't7')`,
  },
  {
    name: "one object by a tag, with an index",
    query: "SELECT key, size FROM objects WHERE bucket = 'b' AND tags ->> 'id' = 'x77777'",
    own: "SELECT key, size_bytes FROM objects WHERE bucket_id = 1 AND key = '2027/0007777'",
    isIndexed: true,
  },
  {
    name: "one object by its metadata, with an index",
    query: "SELECT key, size FROM objects WHERE bucket = 'b' AND metadata ->> 'n' = 'm77777'",
    own: "SELECT key, size_bytes FROM objects WHERE bucket_id = 1 AND key = '2027/0007777'",
    isIndexed: true,
  },
  {
    name: "count by a tag, with an index",
    query: "SELECT count(*) FROM objects WHERE bucket = 'b' AND tags ->> 'team' = 't7'",
    own: `SELECT count(*) FROM objects WHERE bucket_id = 1 AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value ->> 0 = 'team' AND value ->> 1 = 't7')`,
    isIndexed: true,
  },
  {
    name: "a minute of dates, with an index",
    query:
      "SELECT key FROM objects WHERE bucket = 'b' AND last_modified BETWEEN '1970-01-01 00:10' AND '1970-01-01 00:11'",
    own: "SELECT key FROM objects WHERE bucket_id = 1 AND modified_ms BETWEEN 600000 AND 660000",
    isIndexed: true,
  },
  {
    name: "two words of the key, with an index",
    query: "SELECT key FROM objects WHERE bucket = 'b' AND key MATCH '2027 0007777'",
    own: "SELECT key FROM objects WHERE bucket_id = 1 AND key = '2027/0007777'",
    isIndexed: true,
  },
  {
    name: "count of objects with two words, with an index",
    query: "SELECT count(*) FROM objects WHERE bucket = 'b' AND objects MATCH 't7 2027'",
    own: "SELECT count(*) FROM objects WHERE bucket_id = 1 AND key LIKE '%2027%' AND tags LIKE '%t7%'",
    isIndexed: true,
  },
  {
    name: "one key",
    query: "SELECT size, etag FROM objects WHERE bucket = 'b' AND key = '2026/0000100'",
    own: "SELECT size_bytes, etag FROM objects WHERE bucket_id = 1 AND key = '2026/0000100'",
  },
];

async function main(): Promise<void> {
  const [objects, rounds] = [Number(options.objects), Number(options.rounds)];
  const isAsked = (part: string) => options.only === undefined || options.only === part;
  if (
    !["plain", "indexed", "beside"].some(isAsked) ||
    ![objects, rounds].every((count) => Number.isInteger(count) && count > 0)
  )
    throw new Error(usage);
  console.log(
    `${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}, ${objects} objects\n`,
  );
  const asked = QUESTIONS.filter(({ isIndexed }) => isAsked(isIndexed ? "indexed" : "plain"));
  const questions = asked.length === 0 ? [] : await questionRows(asked, objects, rounds);
  const cells = questions.map(({ operation, ms, sqliteMs, ratio }) => [
    operation,
    ms.toFixed(1),
    sqliteMs.toFixed(1),
    ratio.toFixed(2),
  ]);
  if (questions.length > 0) console.log(`${formatTable(["question", "CPU, ms", "SQLite, CPU ms", "ratio"], cells)}\n`);
  const beside = isAsked("beside") ? await besideRows(objects) : [];
  const besideCells = beside.map(({ operation, gets, p50Ms, p99Ms, p99Ratio, queries }) => [
    operation,
    String(gets),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    p99Ratio.toFixed(1),
    String(queries),
  ]);
  const head = ["GETs of 1 KB beside", "GETs", "p50, ms", "p99, ms", "p99 : no query", "queries"];
  if (beside.length > 0) console.log(formatTable(head, besideCells));
  if (options.json) await writeRows(options.json, [...questions, ...beside]);
}

async function questionRows(asked: typeof QUESTIONS, objects: number, rounds: number) {
  const d1 = filled(objects);
  const metadata = new Metadata(d1 as unknown as D1Database);
  const rows = [];
  let indexes: Indexes;
  for (const { name, query, own, isIndexed = false } of asked) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    if (isIndexed && indexes === undefined) indexes = await indexed(metadata);
    for (let round = 0; round <= rounds; round++) {
      const [one, other] = [
        await timed(() => ask(metadata, query, isIndexed ? indexes : undefined)),
        await timed(async () => d1.rawRows(own)),
      ];
      // The first round warms up.
      if (round > 0) {
        ours.push(one);
        theirs.push(other);
      }
    }
    const [ms, sqliteMs] = [median(ours), median(theirs)];
    rows.push({ operation: name, objects, ms, sqliteMs, ratio: ms / sqliteMs });
  }
  d1.database.close();
  return rows;
}

function filled(objects: number): SqliteD1 {
  const folder = join(import.meta.dirname, "../migrations");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  const d1 = new SqliteD1(files.sort().map((name) => readFileSync(join(folder, name), "utf8")));
  d1.database.exec(`INSERT INTO buckets (id, name, owner, region, created_ms) VALUES (1, 'b', 'o', 'us-east-1', 0);
    INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, tags, attributes)
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${objects - 1})
    SELECT 1, printf('%d/%07d', 2020 + i % 10, i / 10), '01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, 1, i % 1000, printf('%032x', i), i, 'STANDARD',
      json_array(json_array('team', 't' || i % 100), json_array('id', 'x' || i)), json_object('system', json_object('contentType', 'text/plain'), 'user', json_object('n', 'm' || i)) FROM n`);
  return d1;
}

type Indexes = Awaited<ReturnType<Metadata["search"]["complete"]>> | undefined;

/** An index of all fields, as the background job fills it. */
async function indexed({ search }: Metadata): Promise<Indexes> {
  const begunMs = performance.now();
  await search.set(1, new Set(SEARCH_FIELDS), 0);
  for (let next = await search.unfilled(); next !== null; next = await search.unfilled())
    await search.fillOn(next, 500);
  console.log(`index filled in ${((performance.now() - begunMs) / 1000).toFixed(1)} s`);
  return search.complete({ ownerAccount: "", isFirst: true, names: ["b"] });
}

async function ask(metadata: Metadata, text: string, indexes: Indexes): Promise<void> {
  const columns = { content: EVERY_KEY, tags: EVERY_KEY, lock: EVERY_KEY };
  const keys = { objects: EVERY_KEY, versions: EVERY_KEY, uploads: EVERY_KEY, parts: EVERY_KEY };
  const about = {
    id: 1,
    name: "b",
    region: "us-east-1",
    createdMs: 0,
    owner: "o",
    ownerAccount: null,
    ownersOnly: false,
    partsOf: null,
  };
  const buckets = [{ ...about, ...keys, current: columns, anyVersion: columns }];
  const input = { text, parameters: [], dialect: "sqlite" as const };
  const run = { queries: metadata.queries, clock: cpuClock, limits: readQuerySettings({}) };
  const parsed = {
    parsed: parseQuery(text),
    options: { sight: { buckets, isOperator: false, ...(indexes && { indexes }) } },
  };
  await takePage(run, await prepareQuery(run, input, parsed), { start: FIRST_PAGE, rows: 1_000, bytesMax: 1e7 });
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Steps are as long as they would be with a core of their own. */
const cpuClock = { ...systemClock, now: cpuMs };

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begunMs = cpuMs();
  await work();
  return cpuMs() - begunMs;
}

if (options.help) console.log(usage);
else await main();
