import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureQueue, type QueueRow, SETTINGS } from "./queue/measure.ts";
import { measureEvents, measureMillion, type OwnRow } from "./queue/own.ts";
import { type QueueTarget, startElasticMq, startMoto, startOwn } from "./queue/targets.ts";
import { formatMarkdown } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:queue -- [options]

SendMessage, ReceiveMessage and DeleteMessage of 1 KiB by one client and by sixteen, one message a request and ten, on Sherd as
npm start starts it, beside ElasticMQ (Maven Central, needs Java and Maven) and moto's server (PyPI, needs Python), in one run.
All servers run, and take turns. Then on Sherd alone: receives from a queue with a million messages beside one with few, PUTs of
4 KiB with and without a notification, and the time until a waiting receive has the event.

  --messages N   messages of each row, twice as many in batches (default 800)
  --puts N       PUTs of each row (default 400)
  --only NAMES   sherd, elasticmq, moto, million, events; separated by commas
  --beside DIR   measures the Sherd of another checkout as well, to tell what a change brings
  --json FILE    writes the rows`;

const { values: options } = parseArgs({
  options: {
    messages: { type: "string", default: "800" },
    puts: { type: "string", default: "400" },
    only: { type: "string", default: "sherd,elasticmq,moto,million,events" },
    beside: { type: "string" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const { beside } = options;
const starters = {
  sherd: startOwn,
  ...(beside !== undefined && { beside: (folder: string) => startOwn(folder, beside) }),
  elasticmq: startElasticMq,
  moto: startMoto,
};

async function main(): Promise<void> {
  const [messages, puts] = [Number(options.messages), Number(options.puts)];
  if (!Number.isInteger(messages) || messages < 160) throw new Error("--messages: 160 or more");
  if (!Number.isInteger(puts) || puts < 160) throw new Error("--puts: 160 or more");
  const names = [...options.only.split(","), ...(beside === undefined ? [] : ["beside"])];
  const unknown = names.filter((name) => !(name in starters) && name !== "million" && name !== "events");
  if (unknown.length > 0) throw new Error(`--only: there is no ${unknown.join(",")}`);
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  const folder = await mkdtemp(join(tmpdir(), "sherd-bench-queue-"));
  const rows: QueueRow[] = [];
  const own: OwnRow[] = [];
  try {
    rows.push(...(await besideOthers(folder, { names, messages })));
    printRows(rows, names);
    if (names.includes("events")) {
      const target = await startOwn(join(folder, "events"));
      own.push(...(await measureEvents(target, { puts }).finally(target.stop)));
    }
    if (names.includes("million")) {
      const million = await measureMillion(join(folder, "million"));
      rows.push(...million.rows);
      own.push(...million.own);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (own.length > 0) console.log(`\n${ownTable(own)}`);
  if (options.json) await writeRows(options.json, [...rows, ...own]);
}

/** All servers at once; of each row one after the other. */
async function besideOthers(
  folder: string,
  { names, messages }: { names: readonly string[]; messages: number },
): Promise<QueueRow[]> {
  const targets: QueueTarget[] = [];
  const rows: QueueRow[] = [];
  try {
    for (const [name, start] of Object.entries(starters)) {
      if (names.includes(name)) targets.push(await start(join(folder, name)));
    }
    // Nobody starts cold.
    for (const target of targets) await measureQueue(target, { messages: 160, batch: 10, clients: 16 });
    for (const setting of SETTINGS) {
      for (const target of targets) {
        const measured = await measureQueue(target, { messages, ...setting });
        rows.push(...measured);
        for (const row of measured) console.error(progressLine(row));
      }
    }
  } finally {
    await Promise.all(targets.map(({ stop }) => stop()));
  }
  return rows;
}

/** What is measured is told as it comes: a run that is ended early has told something. */
function progressLine({ server, operation, clients, batch, messagesPerSecond }: QueueRow): string {
  return `${server}: ${operation}, ${clients} clients, ${batch} a request: ${messagesPerSecond.toFixed(0)}/s`;
}

/** Messages a second of each server, side by side, and how many times as many Sherd has. */
function printRows(rows: readonly QueueRow[], names: readonly string[]): void {
  if (rows.length === 0) return;
  const keyOf = ({ operation, clients, batch }: QueueRow) => `${operation}, ${clients} clients, ${batch} a request`;
  const servers = Object.keys(starters).filter((name) => names.includes(name));
  const others = servers.filter((name) => name !== "sherd");
  const body = [...new Set(rows.map(keyOf))].map((key) => {
    const of = (name: string) => rows.find((row) => keyOf(row) === key && row.server === name)?.messagesPerSecond ?? 0;
    const ratios = servers.includes("sherd") ? others.map((name) => (of("sherd") / of(name)).toFixed(2)) : [];
    return [key, ...servers.map((name) => of(name).toFixed(0)), ...ratios];
  });
  const ratios = servers.includes("sherd") ? others.map((name) => `sherd : ${name}`) : [];
  console.log(formatMarkdown(["messages/s", ...servers, ...ratios], body));
}

function ownTable(own: readonly OwnRow[]): string {
  const body = own.map(({ name, value, unit, target = "" }) => {
    const digits = unit === "ratio" ? 2 : unit === "ms" ? 1 : 0;
    return [name, `${value.toFixed(digits)}${unit === "ratio" ? "" : ` ${unit}`}`, target];
  });
  return formatMarkdown(["Sherd alone", "measured", "target"], body);
}

if (options.help) console.log(usage);
else await main();
