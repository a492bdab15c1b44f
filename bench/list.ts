import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LocalWorkers } from "./floor/local-workers.ts";
import { fillBucket } from "./list/fill.ts";
import { measurePages, type Row } from "./list/measure.ts";
import type { Filled } from "./list/pages.ts";
import { listTable } from "./list/report.ts";
import { SHAPES, type Shape } from "./list/shapes.ts";
import { BenchClient } from "./support/http-client.ts";
import { startMeteredSherd } from "./support/metered-sherd.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:list -- [options]

Pages and walks of buckets of several sizes: time, and rows that D1 read. Takes about 2 GB below the temporary folder.

  --keys LIST    sizes of the buckets, with commas (default 1000,100000,1000000)
  --only SHAPE   ${SHAPES.map(({ name }) => `"${name}"`).join(", ")}; may be repeated
  --rounds N     how often each page is taken (default 15)
  --json FILE    writes the rows
  --markdown     prints the table for a document`;

const { values: options } = parseArgs({
  options: {
    keys: { type: "string", default: "1000,100000,1000000" },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "15" },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const sizes = options.keys.split(",").map(Number);
  if (!sizes.every((keys) => Number.isInteger(keys) && keys >= 1000 && keys % 1000 === 0 && keys <= 10_000_000)) {
    throw new Error("--keys: multiples of 1000, up to ten million");
  }
  const rows: Row[] = [];
  for (const shape of SHAPES.filter(({ name }) => options.only.length === 0 || options.only.includes(name))) {
    const undoShape = new Undo();
    await undoShape.after(async () => {
      rows.push(...(await measureShape(undoShape, shape, sizes)));
    });
  }
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  console.log(listTable(rows, options.markdown ? formatMarkdown : formatTable));
  if (options.json) await writeRows(options.json, rows);
}

/** Each size on a server of its own, all at once, so that their pages can be taken in turn. */
async function measureShape(undo: Undo, shape: Shape, sizes: readonly number[]): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-list-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const client = new BenchClient();
  undo.push(() => client.close());
  const workers = new LocalWorkers();
  undo.push(() => workers.close());
  const buckets: Filled[] = [];
  for (const keys of sizes) {
    const sherd = await startMeteredSherd(workers, join(folder, `${keys}`));
    undo.push(() => sherd.stop());
    await fillBucket(client, sherd, { bucket: "listed", shape, keys });
    buckets.push({ sherd, bucket: "listed", shape, keys });
    process.stderr.write(`${shape.name}, ${keys} keys filled\n`);
  }
  return measurePages(client, shape, buckets, Number(options.rounds));
}

if (options.help) console.log(usage);
else await main();
