import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { LifecycleConfiguration } from "../src/lifecycle/configuration.ts";
import { lifecycle } from "../src/maintenance/lifecycle/lifecycle.ts";
import { createBucket } from "../src/store/buckets/buckets.ts";
import { setLifecycle } from "../src/store/buckets/lifecycle.ts";
import { headObject } from "../src/store/read/objects.ts";
import { putObject } from "../src/store/write/write.ts";
import { openTestStore, pattern, put, type TestStore } from "../test/support/store.ts";
import { percentile } from "./support/statistics.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:lifecycle -- [options]

Walks over a bucket of which 1 % is due, and over one that is due as a whole: rows of D1 by its own counters, objects a second, and what
HeadObject takes meanwhile beside before. D1 is a real one, on workerd; all calls come from this process.

  --keys N      keys of the first bucket (default 1000000)
  --expired N   keys of the second one (default 200000)
  --json FILE   writes the rows
  --markdown    prints the table for a document`;

const { values: options } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    expired: { type: "string", default: "200000" },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const DAY_MS = 86_400_000;
const ROWS_PER_STATEMENT = 50_000;
const PROBES = 400;
const CONFIGURATION: LifecycleConfiguration = {
  rules: [{ id: "a month", enabled: true, filter: { form: "one" }, expiration: { days: 30 } }],
  minimumSize: "all_storage_classes_128K",
};

interface Row {
  bucket: string;
  keys: number;
  expired: number;
  seconds: number;
  expiredPerSecond: number;
  rowsReadPerKey: number;
  rowsWrittenPerExpired: number;
  roundTrips: number;
  /** Of HeadObject, one after the other, before the walk and during it. */
  p99Before: number;
  p99During: number;
  p99Ratio: number;
}

/** Inserts objects with extents, every `dueEvery`th of them two months old. */
async function fill({ d1 }: TestStore, { keys, dueEvery }: { keys: number; dueEvery: number }): Promise<void> {
  const now = Date.now();
  for (let from = 0; from < keys; from += ROWS_PER_STATEMENT) {
    const to = Math.min(keys, from + ROWS_PER_STATEMENT);
    const insert = `WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})
      INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, attributes, extents)
      SELECT (SELECT id FROM buckets WHERE name = 'filled'), printf('logs/%09d', i), printf('%026d', i), 1, 1, 300000,
        '0123456789abcdef0123456789abcdef', CASE WHEN i % ${dueEvery} = 0 THEN ${now - 60 * DAY_MS} ELSE ${now - DAY_MS} END,
        'STANDARD', '{"system":{"contentType":"text/plain"},"user":{}}', json_array(json_array(0, 300000, printf('%026d', i), 0, printf('%026d', i)))
      FROM n`;
    await d1.batch([d1.prepare(insert)]);
  }
}

async function probe(rig: TestStore, more: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (more()) {
    const began = performance.now();
    await headObject(rig.store, { bucket: "other", key: "probe" });
    times.push(performance.now() - began);
  }
  return times;
}

async function measure(bucket: string, keys: number, dueEvery: number): Promise<Row> {
  const rig = await openTestStore({ countsRows: true });
  try {
    for (const name of ["filled", "other"]) {
      await createBucket(rig.store, { name, owner: "root", region: "us-east-1" });
    }
    await putObject(rig.store, put("other", "probe", pattern(100)));
    await fill(rig, { keys, dueEvery });
    await setLifecycle(rig.store, "filled", CONFIGURATION);
    let left = PROBES;
    const before = await probe(rig, () => left-- > 0);
    // Those who are asked meanwhile count in a run of their own: the rows below are the walk's.
    const { report, seconds, cost, during } = await walk(rig);
    const p99 = (times: number[]) => percentile(times, 0.99);
    return {
      bucket,
      keys,
      expired: report.expiredObjects ?? 0,
      seconds,
      expiredPerSecond: (report.expiredObjects ?? 0) / seconds,
      rowsReadPerKey: (cost.rowsRead - during.rowsRead) / keys,
      rowsWrittenPerExpired: cost.rowsWritten / (report.expiredObjects || 1),
      roundTrips: cost.roundTrips - during.times.length,
      p99Before: p99(before),
      p99During: p99(during.times),
      p99Ratio: p99(during.times) / p99(before),
    };
  } finally {
    await rig.dispose();
  }
}

async function walk(rig: TestStore) {
  rig.takeCost();
  await headObject(rig.store, { bucket: "other", key: "probe" });
  const { rowsRead: rowsPerProbe } = rig.takeCost();
  let running = true;
  const probing = probe(rig, () => running);
  const began = performance.now();
  const untilMs = Number.POSITIVE_INFINITY;
  const { report } = await lifecycle.run(rig.store, { untilMs, isSpent: () => false }, null);
  const seconds = (performance.now() - began) / 1000;
  running = false;
  const times = await probing;
  return { report, seconds, cost: rig.takeCost(), during: { times, rowsRead: rowsPerProbe * times.length } };
}

async function main(): Promise<void> {
  const rows = [
    await measure("1 % is due", Number(options.keys), 100),
    await measure("all is due", Number(options.expired), 1),
  ];
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  const head = [
    "bucket",
    "keys",
    "expired",
    "s",
    "expired a second",
    "rows read a key",
    "rows written an expired",
    "p99 during : before",
  ];
  const cells = rows.map((row) => [
    row.bucket,
    row.keys.toLocaleString("en"),
    row.expired.toLocaleString("en"),
    row.seconds.toFixed(1),
    row.expiredPerSecond.toFixed(0),
    row.rowsReadPerKey.toFixed(3),
    row.rowsWrittenPerExpired.toFixed(2),
    row.p99Ratio.toFixed(2),
  ]);
  console.log((options.markdown ? formatMarkdown : formatTable)(head, cells));
  if (options.json) await writeRows(options.json, rows);
}

if (options.help) console.log(usage);
else await main();
