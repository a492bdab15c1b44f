import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type IdleRow, measureIdle } from "./idle/measure.ts";
import { formatTable } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

const USAGE = `Memory of an idle server and the time that it takes to start, beside those of another checkout.

  npm run bench:idle -- [--beside DIR] [--rounds N] [--processes N] [--json FILE]

--beside     folder of another checkout of this project, installed
--rounds     starts of each, in turns (default 3); the medians are told
--processes  serving processes of each (default 2)
`;

const { values: options } = parseArgs({
  options: {
    beside: { type: "string" },
    rounds: { type: "string", default: "3" },
    processes: { type: "string", default: "2" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) process.stdout.write(USAGE);
else await main();

async function main(): Promise<void> {
  const here = join(import.meta.dirname, "..");
  const checkouts = new Map([["this checkout", here]]);
  if (options.beside !== undefined) checkouts.set("beside", resolve(options.beside));
  const rounds = Number(options.rounds);
  const folder = await mkdtemp(join(tmpdir(), "sherd-bench-"));
  const rows: IdleRow[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [implementation, checkout] of checkouts) {
        // The first start of a checkout may have to build what it runs; those after it find that.
        const dataDir = join(folder, `${implementation}-${round}`);
        rows.push(
          await measureIdle({ implementation, checkout, dataDir, processes: Number(options.processes), round }),
        );
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  report(rows);
  if (options.json !== undefined) await writeRows(options.json, rows);
}

function report(rows: readonly IdleRow[]): void {
  const implementations = [...new Set(rows.map(({ implementation }) => implementation))];
  const of = (implementation: string, value: (row: IdleRow) => number) =>
    median(rows.filter((row) => row.implementation === implementation).map(value));
  const mb = (bytes: number) => (bytes / 1e6).toFixed(0);
  const lines = implementations.map((implementation) => [
    implementation,
    mb(of(implementation, ({ totalBytes }) => totalBytes)),
    mb(of(implementation, ({ launcherBytes }) => launcherBytes)),
    mb(of(implementation, ({ npmBytes }) => npmBytes)),
    mb(of(implementation, ({ workerdBytes }) => workerdBytes)),
    of(implementation, ({ startMs }) => startMs).toFixed(0),
    (rows.find((row) => row.implementation === implementation && row.round === 0)?.startMs ?? Number.NaN).toFixed(0),
  ]);
  const head = ["", "PSS, MB", "launcher", "npm", "workerd and shells", "start, ms", "first start, ms"];
  process.stdout.write(`${formatTable(head, lines)}\n`);
  const [one = "", other] = implementations;
  if (other === undefined) return;
  const ratio = (value: (row: IdleRow) => number) => (of(one, value) / of(other, value)).toFixed(2);
  process.stdout.write(
    `memory ${ratio(({ totalBytes }) => totalBytes)} times, start ${ratio(({ startMs }) => startMs)} times that beside\n`,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
