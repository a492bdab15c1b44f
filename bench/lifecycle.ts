import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { lifecycle } from "../src/maintenance/lifecycle/lifecycle.ts";
import { createBucket } from "../src/store/buckets/buckets.ts";
import { setLifecycle } from "../src/store/buckets/lifecycle.ts";
import { headObject } from "../src/store/read/objects.ts";
import { putObject } from "../src/store/write/write.ts";
import { openTestStore, pattern, put, type TestStore } from "../test/support/store.ts";
import { fillStatements, MONTH } from "./lifecycle/rows.ts";
import { measureServed, type ServedRow } from "./lifecycle/served.ts";
import { percentile } from "./support/statistics.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:lifecycle -- [options]

Walks over a bucket of which 1 % is due, and over one that is due as a whole: rows of D1 by its own counters, objects a second, and what
HeadObject takes meanwhile beside before. D1 is a real one, on workerd; all calls come from this process.

With --served, instead: a bucket that is due as a whole expires under \`npm start\`, and other requests are measured before and meanwhile.

  --keys N      keys of the first bucket (default 1000000)
  --expired N   keys of the second one (default 200000)
  --served N    keys of the bucket under \`npm start\`
  --json FILE   writes the rows
  --markdown    prints the table for a document`;

const { values: options } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    expired: { type: "string", default: "200000" },
    served: { type: "string" },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const PROBES = 400;

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
    for (const sql of fillStatements({ bucket: "filled", keys, dueEvery }, Date.now())) {
      await rig.d1.batch([rig.d1.prepare(sql)]);
    }
    await setLifecycle(rig.store, "filled", MONTH);
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
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  const format = options.markdown ? formatMarkdown : formatTable;
  let rows: (Row | ServedRow)[];
  if (options.served === undefined) {
    const walks = [
      await measure("1 % is due", Number(options.keys), 100),
      await measure("all is due", Number(options.expired), 1),
    ];
    console.log(format(WALK_HEAD, walks.map(walkCells)));
    rows = walks;
  } else {
    const served = await measureServed(Number(options.served));
    const [{ expired, seconds, expiredPerSecond } = { expired: 0, seconds: 0, expiredPerSecond: 0 }] = served;
    console.log(
      `${expired.toLocaleString("en")} objects gone in ${seconds.toFixed(0)} s, ${expiredPerSecond.toFixed(0)} a second\n`,
    );
    console.log(format(SERVED_HEAD, served.map(servedCells)));
    rows = served;
  }
  if (options.json) await writeRows(options.json, rows);
}

const WALK_HEAD = [
  ...["bucket", "keys", "expired", "s", "expired a second", "rows read a key", "rows written an expired"],
  "p99 during : before",
];

function walkCells(row: Row): string[] {
  return [
    row.bucket,
    row.keys.toLocaleString("en"),
    row.expired.toLocaleString("en"),
    row.seconds.toFixed(1),
    row.expiredPerSecond.toFixed(0),
    row.rowsReadPerKey.toFixed(3),
    row.rowsWrittenPerExpired.toFixed(2),
    row.p99Ratio.toFixed(2),
  ];
}

const SERVED_HEAD = [
  "request",
  "before",
  "during",
  "p50 before, ms",
  "p50 during",
  "p99 before",
  "p99 during",
  "ratio of p99",
];

function servedCells(row: ServedRow): string[] {
  return [
    row.request,
    `${row.requestsBefore}`,
    `${row.requestsDuring}`,
    row.p50Before.toFixed(2),
    row.p50During.toFixed(2),
    row.p99Before.toFixed(2),
    row.p99During.toFixed(2),
    row.p99Ratio.toFixed(2),
  ];
}

if (options.help) console.log(usage);
else await main();
