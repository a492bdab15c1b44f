import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureQueue, type QueueRow } from "./queue/measure.ts";
import { startElasticMq, startMoto, startOwn } from "./queue/targets.ts";
import { formatTable } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:queue -- [options]

SendMessage, ReceiveMessage and DeleteMessage of 1 KiB by one client and by sixteen, one message a request and ten, on Sherd as
npm start starts it, beside ElasticMQ (Maven Central, needs Java and Maven) and moto's server (PyPI, needs Python), in one run.
The servers take turns.

  --messages N   messages of each row (default 2000)
  --only NAMES   sherd, elasticmq, moto; separated by commas
  --json FILE    writes the rows`;

const { values: options } = parseArgs({
  options: {
    messages: { type: "string", default: "2000" },
    only: { type: "string", default: "sherd,elasticmq,moto" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const starters = { sherd: startOwn, elasticmq: startElasticMq, moto: startMoto };

async function main(): Promise<void> {
  const messages = Number(options.messages);
  if (!Number.isInteger(messages) || messages < 160) throw new Error("--messages: 160 or more");
  const names = options.only.split(",") as (keyof typeof starters)[];
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  const folder = await mkdtemp(join(tmpdir(), "sherd-bench-queue-"));
  const rows: QueueRow[] = [];
  try {
    for (const name of names) {
      const target = await starters[name](join(folder, name));
      try {
        rows.push(...(await measureQueue(target, messages)));
      } finally {
        await target.stop();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(tableOf(rows, names));
  if (options.json) await writeRows(options.json, rows);
}

/** Messages a second of each server, side by side. */
function tableOf(rows: readonly QueueRow[], names: readonly string[]): string {
  const keyOf = ({ operation, clients, batch }: QueueRow) => `${operation}, ${clients} clients, ${batch} a request`;
  const keys = [...new Set(rows.map(keyOf))];
  const cell = (key: string, name: string) =>
    rows.find((row) => keyOf(row) === key && row.server === name)?.messagesPerSecond.toFixed(0) ?? "";
  const body = keys.map((key) => [key, ...names.map((name) => cell(key, name))]);
  return formatTable(["messages/s", ...names], body);
}

if (options.help) console.log(usage);
else await main();
