import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startBare } from "./floor/bare-server.ts";
import { makeBodies } from "./floor/bodies.ts";
import { type Row, runContest } from "./floor/contest.ts";
import { contests, prepareBucket, prepareObjects, type SherdEndpoint } from "./floor/contests.ts";
import { type MemoryRow, measureMemory } from "./floor/memory.ts";
import { contestTable, memoryTable } from "./floor/report.ts";
import { newFileSweeper } from "./floor/sweep.ts";
import { BenchClient } from "./support/http-client.ts";
import { startSherd } from "./support/sherd-server.ts";

const usage = `Usage: npm run bench:floor -- [options]

Measures Sherd, as \`npm start\` runs it, against a bare Worker that moves the same bytes over the same kind of drives.

  --json FILE     writes the rows
  --rounds N      rounds of each contest (default 15)
  --only NAME     what to run: OP-BYTES, such as PUT-67108864, or memory; may be repeated
  --beside DIR    also measures the Sherd of another checkout, to tell what a change brings; may be repeated`;

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "15" },
    only: { type: "string", multiple: true, default: [] },
    beside: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  },
});

/** What is undone at the end, last things first. */
const undo: (() => unknown)[] = [];

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-floor-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const client = new BenchClient();
  undo.push(() => client.close());
  const bodies = await makeBodies();

  const bare = await startBare(join(folder, "bare"));
  undo.push(() => bare.stop());
  await prepareObjects(client, { name: "", ...bare }, bodies);
  const sherds: SherdEndpoint[] = [];
  for (const [index, checkout] of [undefined, ...options.beside].entries()) {
    const dataDir = join(folder, `sherd-${index}`);
    const sherd = await startSherd(dataDir, checkout && resolve(checkout));
    undo.push(() => sherd.stop());
    await prepareBucket(client, sherd, bodies);
    sherds.push({ name: checkout ? `Sherd in ${checkout}` : "Sherd", ...sherd, sweep: newFileSweeper(dataDir) });
  }

  const rivals = { bare: { name: "bare Worker", ...bare }, sherds };
  const rounds = Number(options.rounds);
  const rows: Row[] = [];
  for (const contest of contests(rivals, bodies, { largeRounds: rounds, smallRounds: rounds })) {
    if (isWanted(`${contest.op}-${contest.bytes}`)) rows.push(...(await runContest(client, contest)));
  }
  if (rows.length > 0) console.log(contestTable(rows));
  const memory: MemoryRow[] = [];
  if (isWanted("memory")) for (const sherd of sherds) memory.push(...(await measureMemory(client, sherd)));
  if (memory.length > 0) console.log(`\n${memoryTable(memory)}`);
  if (options.json) await writeFile(options.json, `${JSON.stringify({ rows, memory }, null, 2)}\n`);
}

function isWanted(name: string): boolean {
  return options.only.length === 0 || options.only.includes(name);
}

if (options.help) console.log(usage);
else {
  try {
    await main();
  } finally {
    for (const step of undo.reverse()) await step();
  }
}
