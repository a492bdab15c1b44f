import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { breakEvenTable, type RowsWritten } from "./break-even.ts";
import { type CostRow, costRow, countCalls, measureCpu } from "./cost/measure.ts";
import { COST_CASES, type CostCase } from "./cost/operations.ts";
import { costTable, storageTable } from "./cost/report.ts";
import { LocalWorkers } from "./floor/local-workers.ts";
import { replacementsOf } from "./floor/stages.ts";
import { BenchClient } from "./support/http-client.ts";
import { type MeteredSherd, startMeteredSherd } from "./support/metered-sherd.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:cost -- [options]

What a million of each operation costs on Cloudflare, beside R2 used directly and AWS S3. Calls and CPU are measured, prices
stand in src/base/prices.ts.

  --only OP     operations whose names begin so; may be repeated
  --json FILE   writes the rows
  --markdown    prints the tables for a document`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Runs `work` against a server of its own. */
async function onServer<Result>(
  replacements: ReadonlyMap<string, string>,
  work: (client: BenchClient, sherd: MeteredSherd) => Promise<Result>,
): Promise<Result> {
  const undo = new Undo();
  return undo.after(async () => {
    const folder = await mkdtemp(join(tmpdir(), "sherd-cost-"));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const client = new BenchClient();
    undo.push(() => client.close());
    const workers = new LocalWorkers();
    undo.push(() => workers.close());
    const sherd = await startMeteredSherd(workers, folder, replacements);
    undo.push(() => sherd.stop());
    return work(client, sherd);
  });
}

async function measure(work: CostCase): Promise<CostRow> {
  const calls = await onServer(new Map(), (client, sherd) => countCalls(client, sherd, work));
  const cpu = await onServer(replacementsOf("drives"), (client, sherd) => measureCpu(client, sherd, work));
  return costRow(work, calls, cpu);
}

/** Sum of the measured values; undefined if there are none. */
function rowsWritten(rows: readonly CostRow[]): RowsWritten | undefined {
  const put = (isInline: boolean) =>
    rows.find(({ op, drivePuts }) => op === "PutObject" && (drivePuts === 0) === isInline)?.d1RowsWritten;
  const [inline, sharded] = [put(true), put(false)];
  return inline === undefined || sharded === undefined ? undefined : { inline, sharded };
}

async function main(): Promise<void> {
  const rows: CostRow[] = [];
  for (const work of COST_CASES) {
    if (options.only.length > 0 && !options.only.some((begin) => work.op.startsWith(begin))) continue;
    rows.push(await measure(work));
    process.stderr.write(`${work.op} ${work.sizeBytes} done\n`);
  }
  const format = options.markdown ? formatMarkdown : formatTable;
  console.log(`${costTable(rows, format)}\n\n${storageTable(format)}`);
  const written = rowsWritten(rows);
  if (written) console.log(`\n${breakEvenTable(written)}`);
  if (options.json) await writeRows(options.json, rows);
}

if (options.help) console.log(usage);
else await main();
