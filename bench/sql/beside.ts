import { systemClock } from "../../src/base/clock.ts";
import { takePage } from "../../src/query/ask.ts";
import { QueryRefused } from "../../src/query/failure.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { prepareQuery } from "../../src/query/run.ts";
import { readQuerySettings } from "../../src/query/settings.ts";
import { FIRST_PAGE } from "../../src/query/token.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { seen } from "../../test/support/seen.ts";
import { bodyOf, openTestStore, readAll, type TestStore } from "../../test/support/store.ts";
import { median, percentile } from "../support/statistics.ts";

interface BesideRow {
  operation: string;
  objects: number;
  gets: number;
  p50Ms: number;
  p99Ms: number;
  /** Its p99 over that beside no query. */
  p99Ratio: number;
  /** Queries that ended meanwhile. */
  queries: number;
}

const ROWS_PER_STATEMENT = 50_000;
const SECONDS = 8;
/** The cross join is near the bound of `SHERD_SQL_ROWS`: a larger one is refused. */
const QUERIES: readonly { name: string; query: string | null }[] = [
  { name: "no query", query: null },
  {
    name: "cross joins of 900 by 900",
    query:
      "SELECT count(*) FROM objects a CROSS JOIN objects b WHERE a.bucket = 'filled' AND b.bucket = 'filled' AND starts_with(a.key, 'small/') AND starts_with(b.key, 'small/') AND a.size + b.size < 0",
  },
  {
    name: "scans of all rows, in steps",
    query:
      "SELECT storage_class, count(*), sum(size) FROM objects WHERE bucket = 'filled' AND content_type = 'text/plain' GROUP BY 1",
  },
  {
    name: "scans of all rows' tags",
    query: "SELECT count(*) FROM objects WHERE bucket = 'filled' AND tags ->> 'team' = 't7'",
  },
];

/** GETs of a small object, one after the other, while another caller asks one query after the other: of the same D1, in a process of its own. */
export async function besideRows(objects: number): Promise<BesideRow[]> {
  const rig = await openTestStore();
  try {
    for (const name of ["filled", "other"]) await createBucket(rig.store, { name, owner: "o", region: "us-east-1" });
    const attributes = { system: {}, user: {} };
    const body = bodyOf(new Uint8Array(1_000));
    await putObject(rig.store, { bucket: "other", key: "small", attributes, storageClass: "STANDARD", body });
    await fill(rig, objects);
    await whileAsking(rig, null, 1);
    const rows: BesideRow[] = [];
    for (const { name, query } of QUERIES) {
      const { times, queries } = await whileAsking(rig, query, SECONDS);
      const p99Ms = percentile(times, 0.99);
      const p99Ratio = p99Ms / (rows[0]?.p99Ms ?? p99Ms);
      rows.push({ operation: name, objects, gets: times.length, p50Ms: median(times), p99Ms, p99Ratio, queries });
    }
    return rows;
  } finally {
    await rig.dispose();
  }
}

async function whileAsking(
  rig: TestStore,
  query: string | null,
  seconds: number,
): Promise<{ times: number[]; queries: number }> {
  const until = performance.now() + seconds * 1000;
  const asking = query === null ? Promise.resolve(0) : askUntil(rig, query, until);
  const times: number[] = [];
  while (performance.now() < until) {
    const began = performance.now();
    const { head, read } = await openObject(rig.store, { bucket: "other", key: "small" });
    await readAll(await read({ offset: 0, length: head.sizeBytes }));
    times.push(performance.now() - began);
  }
  return { times, queries: await asking };
}

async function askUntil({ store }: TestStore, text: string, until: number): Promise<number> {
  let queries = 0;
  const run = { queries: store.metadata.queries, clock: systemClock, limits: readQuerySettings({}) };
  const options = { sight: { buckets: [seen(1, "filled")], isOperator: false } };
  while (performance.now() < until) {
    const prepared = await prepareQuery(
      run,
      { text, parameters: [], dialect: "sqlite" },
      { parsed: parseQuery(text), options },
    );
    try {
      await takePage(run, prepared, { start: FIRST_PAGE, rows: 1_000, bytesMax: 1e7 });
    } catch (error) {
      // It has read for as long as a query may.
      if (!(error instanceof QueryRefused)) throw error;
    }
    queries++;
  }
  return queries;
}

async function fill({ d1 }: TestStore, objects: number): Promise<void> {
  for (let from = 0; from < objects; from += ROWS_PER_STATEMENT) {
    const to = Math.min(objects, from + ROWS_PER_STATEMENT);
    const insert = `WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})
      INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, tags, attributes)
      SELECT 1, CASE WHEN i < 900 THEN 'small/' ELSE 'large/' END || printf('%09d', i), printf('%026d', i), 1, 1, i % 1000, printf('%032x', i), i,
        'STANDARD', json_array(json_array('team', 't' || i % 100)), '{"system":{"contentType":"text/plain"},"user":{}}' FROM n`;
    await d1.batch([d1.prepare(insert)]);
  }
}
