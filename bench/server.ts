import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serverChart } from "./server/chart.ts";
import { Content } from "./server/content.ts";
import { type Case, Load, OPERATIONS } from "./server/load.ts";
import { type Contender, type Failure, measureCase, type Row } from "./server/measure.ts";
import { startOwnSherd, startS3rver } from "./server/own-targets.ts";
import { SERVER_LEGEND, serverTable } from "./server/report.ts";
import { parseTarget, type Target } from "./server/target.ts";
import { BenchClient } from "./support/http-client.ts";
import { processesServing } from "./support/listening-process.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:server -- [options]

The same load in turn against any number of S3 servers. Without a target it starts Sherd, as npm start does, and s3rver.

  --target NAME=URL,KEY,SECRET   a server that runs; the first is what the others are compared with; may be repeated
  --beside DIR    the Sherd of another checkout, which this one is compared with, and nothing else
  --seconds N     how long to measure, about (default 300; from twice that on, what is left is not run)
  --sizes LIST    sizes of objects in bytes, with commas (default 4096,131072,8388608,67108864,1073741824)
  --clients LIST  numbers of clients (default 1,16)
  --only OP       ${OPERATIONS.join(", ")}; may be repeated
  --json FILE     writes the rows
  --svg FILE      writes a chart
  --markdown      prints the table for a document`;

const { values: options } = parseArgs({
  options: {
    target: { type: "string", multiple: true, default: [] },
    beside: { type: "string" },
    seconds: { type: "string", default: "300" },
    sizes: { type: "string", default: "4096,131072,8388608,67108864,1073741824" },
    clients: { type: "string", default: "1,16" },
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    svg: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const undo = new Undo();

function casesWanted(): Case[] {
  const sizes = options.sizes.split(",").map(Number);
  const [small = 4096] = sizes;
  const sized = OPERATIONS.flatMap((op): Omit<Case, "clients">[] => {
    if (op === "LIST") return [{ op, sizeBytes: 0 }];
    return (op === "PUT" || op === "GET" ? sizes : [small]).map((sizeBytes) => ({ op, sizeBytes }));
  });
  const wanted = sized.filter(({ op }) => options.only.length === 0 || options.only.includes(op));
  return wanted.flatMap((work) => options.clients.split(",").map((clients) => ({ ...work, clients: Number(clients) })));
}

/** Refuses what would be measured as nonsense. */
function check(cases: readonly Case[]): void {
  const partBytes = 16 * 1024 * 1024;
  for (const { sizeBytes, clients, op } of cases) {
    const isSize = op === "LIST" || (Number.isInteger(sizeBytes) && sizeBytes > 0 && sizeBytes <= 2 ** 31);
    if (!isSize || (sizeBytes > 4 * partBytes && sizeBytes % partBytes !== 0)) {
      throw new Error("--sizes: 1 byte to 2 GiB, above 64 MiB multiples of 16 MiB");
    }
    if (!(Number.isInteger(clients) && clients >= 1 && clients <= 256)) throw new Error("--clients: 1 to 256");
  }
  if (cases.length === 0) throw new Error(`--only: one of ${OPERATIONS.join(", ")}`);
  if (!(Number(options.seconds) > 0)) throw new Error("--seconds must be a number above 0");
}

async function targets(): Promise<Target[]> {
  if (options.target.length > 0) {
    return options.target.map(parseTarget).map((target) => ({ ...target, pids: processesServing(target.endpoint) }));
  }
  const folder = await mkdtemp(join(tmpdir(), "sherd-server-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  if (options.beside) {
    const before = await startOwnSherd(join(folder, "beside"), { name: "beside", checkout: options.beside });
    undo.push(() => before.stop());
    const sherd = await startOwnSherd(join(folder, "sherd"));
    undo.push(() => sherd.stop());
    return [before.target, sherd.target];
  }
  const sherd = await startOwnSherd(join(folder, "sherd"));
  undo.push(() => sherd.stop());
  try {
    const peer = await startS3rver(join(folder, "s3rver"));
    undo.push(() => peer.stop());
    return [sherd.target, peer.target];
  } catch (error) {
    process.stderr.write(`skipped s3rver: ${error instanceof Error ? error.message : error}\n`);
    return [sherd.target];
  }
}

async function main(): Promise<void> {
  const cases = casesWanted();
  check(cases);
  const client = new BenchClient();
  undo.push(() => client.close());
  const content = new Content();
  const contenders: Contender[] = [];
  for (const target of await targets()) {
    const load = new Load(client, target, content);
    await load.prepare();
    undo.push(() => load.close());
    contenders.push({ target, load });
  }
  const { rows, failures } = await measureAll(cases, contenders);
  const title = `${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`;
  console.log(`${title}\n\n${serverTable(rows, options.markdown ? formatMarkdown : formatTable)}\n\n${SERVER_LEGEND}`);
  if (options.json) await writeRows(options.json, rows);
  if (options.svg) await writeFile(options.svg, serverChart(rows, `Operations a second beside the first: ${title}`));
  for (const { message, target, ...work } of failures) {
    process.stderr.write(`${target} failed ${work.op} ${work.sizeBytes} × ${work.clients}: ${message}\n`);
  }
  if (failures.length > 0) process.exitCode = 1;
}

/** Each case takes its share of what is left of the time. */
async function measureAll(cases: readonly Case[], contenders: readonly Contender[]) {
  const rows: Row[] = [];
  const failures: Failure[] = [];
  const startedMs = performance.now();
  const seconds = Number(options.seconds);
  for (const [index, work] of cases.entries()) {
    const name = `${work.op} ${work.sizeBytes} × ${work.clients}`;
    const spentSeconds = (performance.now() - startedMs) / 1000;
    if (spentSeconds > 2 * seconds) {
      process.stderr.write(`not run, for want of time: ${name}\n`);
      continue;
    }
    const share = Math.max(0.5, (seconds - spentSeconds) / (cases.length - index));
    const measured = await measureCase(contenders, work, share);
    rows.push(...measured.rows);
    failures.push(...measured.failures);
    process.stderr.write(`${name} done\n`);
  }
  return { rows, failures };
}

if (options.help) console.log(usage);
else await undo.after(main);
