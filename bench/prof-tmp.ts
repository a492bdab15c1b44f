import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../src/base/clock.ts";
import { EVERY_KEY } from "../src/base/key-range.ts";
import { Metadata } from "../src/metadata/metadata.ts";
import { takePage } from "../src/query/ask.ts";
import { parseQuery } from "../src/query/parse.ts";
import { prepareQuery } from "../src/query/run.ts";
import { readQuerySettings } from "../src/query/settings.ts";
import { FIRST_PAGE } from "../src/query/token.ts";
import { SqliteD1 } from "../test/support/sqlite-d1.ts";
const folder = join(import.meta.dirname, "../migrations");
const d1 = new SqliteD1(readdirSync(folder).filter((n) => n.endsWith(".sql")).sort().map((n) => readFileSync(join(folder, n), "utf8")));
const N = 100000;
d1.database.exec(`INSERT INTO buckets (id, name, owner, region, created_ms) VALUES (1, 'b', 'o', 'us-east-1', 0);
    INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, tags, attributes)
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${N - 1})
    SELECT 1, printf('2026/%07d', i), '01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, 1, i % 1000, printf('%032x', i), i, 'STANDARD',
      json_array(json_array('team', 't' || i % 100), json_array('id', 'x' || i)), json_object('system', json_object('contentType', 'text/plain'), 'user', json_object('n', 'm' || i)) FROM n`);
const metadata = new Metadata(d1 as unknown as D1Database);
const columns = { content: EVERY_KEY, tags: EVERY_KEY, lock: EVERY_KEY };
const buckets = [{ id: 1, name: "b", region: "r", createdMs: 0, owner: "o", ownerAccount: null, ownersOnly: false, partsOf: null, objects: EVERY_KEY, versions: EVERY_KEY, uploads: EVERY_KEY, parts: EVERY_KEY, current: columns, anyVersion: columns }];
const text = "SELECT count(*) AS n, sum(size) AS bytes FROM objects WHERE bucket = 'b' AND starts_with(key, '2026/')";
const own = "SELECT count(*), sum(size_bytes) FROM objects WHERE bucket_id = 1 AND key >= '2026/' AND key < '20260'";
const q: any = metadata.queries;
const spent: Record<string, [number, number]> = {};
for (const name of ["run", "boundary", "plan", "count"]) {
  const f = q[name].bind(q);
  q[name] = async (...a: any[]) => {
    const b = performance.now();
    const r = await f(...a);
    const s = (spent[name] ??= [0, 0]);
    s[0] += performance.now() - b; s[1]++;
    if (process.env.SHOW) console.log(name, (performance.now() - b).toFixed(2), String(a[0]).slice(0, 3000), JSON.stringify(a[1])?.slice(0,200));
    return r;
  };
}
for (let i = 0; i < 8; i++) {
  for (const k in spent) delete spent[k];
  let b = performance.now();
  const run = { queries: metadata.queries, clock: systemClock, limits: readQuerySettings({}) };
  const prepared = await prepareQuery(run, { text, parameters: [], dialect: "sqlite" }, { parsed: parseQuery(text), options: { sight: { buckets, isOperator: false } } } as any);
  const p = performance.now() - b;
  await takePage(run, prepared, { start: FIRST_PAGE, rows: 1000, bytesMax: 1e7 });
  const t = performance.now() - b;
  b = performance.now();
  d1.rawRows(own);
  const o = performance.now() - b;
  console.log(t.toFixed(1), "prepare", p.toFixed(1), "own", o.toFixed(1), (t / o).toFixed(2), JSON.stringify(spent));
}
