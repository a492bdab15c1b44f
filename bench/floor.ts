import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Bodies, makeBodies } from "./floor/bodies.ts";
import { type Row, runContest } from "./floor/contest.ts";
import { contests, type Endpoint, prepareBucket, prepareFloor, type SherdEndpoint } from "./floor/contests.ts";
import {
  ENCRYPTION_CLIENTS,
  type EncryptionRow,
  encryptionTable,
  measureEncryption,
  prepareEncryption,
} from "./floor/encryption.ts";
import { LocalWorkers } from "./floor/local-workers.ts";
import { CROWDS, type MemoryRow, measureMemory } from "./floor/memory.ts";
import { measurePages, PAGES, type PagesRow } from "./floor/pages.ts";
import { contestTable, memoryTable, PAGES_LEGEND, pagesTable, stageTable } from "./floor/report.ts";
import { measureStages, type StageRow } from "./floor/stages.ts";
import { newFileSweeper } from "./floor/sweep.ts";
import { BenchClient } from "./support/http-client.ts";
import { startSherd } from "./support/sherd-server.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:floor -- [options]

Measures Sherd, as \`npm start\` runs it, beside a bare Worker that moves the same bytes over the same kind of drives.

  --json FILE     writes the rows
  --rounds N      rounds of each contest (default 15)
  --only NAME     what to run: OP-BYTES (such as PUT-67108864), memory, pages, stages,
                  encryption or encryption-16; may be repeated
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

/** Steps to undo at the end, last ones first. */
const undo: (() => unknown)[] = [];

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-floor-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  // First, while nothing else here has freed memory.
  const pages: PagesRow[] = isWanted("pages") ? await measurePages(folder, PAGES) : [];
  if (pages.length > 0) console.log(`${pagesTable(pages)}\n\n${PAGES_LEGEND}\n`);
  const client = new BenchClient();
  undo.push(() => client.close());
  const workers = new LocalWorkers();
  undo.push(() => workers.close());
  const bodies = await makeBodies();
  const bare = await startFloor(workers, client, { folder, bodies });
  const sherds: SherdEndpoint[] = [];
  for (const checkout of ["", ...options.beside]) sherds.push(await startRival(client, { folder, checkout, bodies }));

  const rounds = { largeRounds: Number(options.rounds), smallRounds: Number(options.rounds), folder };
  const rows: Row[] = [];
  for (const contest of contests({ bare, sherds }, bodies, rounds)) {
    if (isWanted(`${contest.op}-${contest.bytes}`)) rows.push(...(await runContest(client, contest)));
  }
  if (rows.length > 0) console.log(contestTable(rows));
  const memory: MemoryRow[] = [];
  for (const crowd of isWanted("memory") ? CROWDS : []) {
    for (const checkout of ["", ...options.beside]) {
      const fresh = await startRival(client, { folder, checkout, bodies });
      memory.push(...(await measureMemory(client, fresh, crowd)));
    }
  }
  if (memory.length > 0) console.log(`\n${memoryTable(memory)}`);
  const stages: StageRow[] = [];
  if (isWanted("stages")) stages.push(...(await measureStages(workers, client, { folder, bare, bodies, rounds })));
  if (stages.length > 0) console.log(`\n${stageTable(stages)}`);
  const encryption: EncryptionRow[] = [];
  for (const [name, clients] of Object.entries(ENCRYPTION_CLIENTS)) {
    if (!isWanted(name)) continue;
    // It encrypts only on request.
    const plain = { fill: prepareEncryption, variables: { SHERD_ENCRYPTION: "off" } };
    const sherd = await startRival(client, { folder, checkout: "", bodies, ...plain });
    const how = { clients, rounds: Number(options.rounds), folder };
    encryption.push(...(await measureEncryption(client, { sherd, bodies }, how)));
  }
  if (encryption.length > 0) console.log(`\n${encryptionTable(encryption)}`);
  if (options.json) {
    const all = [
      ...encryption.map((row) => ({ figure: "encryption", ...row })),
      ...rows.map((row) => ({ figure: "speed", ...row })),
      ...memory.map((row) => ({ figure: "memory", ...row })),
      ...pages.map((row) => ({ figure: "pages", ...row })),
      ...stages.map((row) => ({ figure: "stage", ...row })),
    ];
    await writeRows(options.json, all);
  }
}

async function startFloor(
  workers: LocalWorkers,
  client: BenchClient,
  { folder, bodies }: { folder: string; bodies: Bodies },
): Promise<Endpoint> {
  const bare = await workers.start({
    dataDir: join(folder, "bare"),
    entry: join(import.meta.dirname, "floor/bare-worker.ts"),
    migrate: async (database) => {
      await database.exec("CREATE TABLE floor (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
      await database.exec("INSERT INTO floor VALUES ('one', 'a row')");
    },
  });
  undo.push(() => bare.stop());
  await prepareFloor(client, bare, bodies);
  return { name: "bare Worker", ...bare };
}

interface RivalOptions {
  folder: string;
  /** Empty: this one. */
  checkout: string;
  bodies: Bodies;
  /** Puts what is read. */
  fill?: typeof prepareBucket;
  variables?: Record<string, string>;
}

/** To the background jobs the files that `sweep` removes are losses, which they would heal while others are measured. */
const WITHOUT_JOBS = { SHERD_CRON_SECONDS: "86400" };

async function startRival(
  client: BenchClient,
  { folder, checkout, bodies, fill = prepareBucket, variables = {} }: RivalOptions,
): Promise<SherdEndpoint> {
  const dataDir = await mkdtemp(join(folder, "sherd-"));
  const { endpoint, pids, stop } = await startSherd(dataDir, checkout === "" ? undefined : resolve(checkout), {
    ...variables,
    ...WITHOUT_JOBS,
  });
  undo.push(stop);
  await fill(client, { endpoint }, bodies);
  const name = checkout === "" ? "Sherd" : `Sherd in ${checkout}`;
  return { name, endpoint, pids, sweep: newFileSweeper(dataDir) };
}

function isWanted(name: string): boolean {
  return options.only.length === 0 || options.only.includes(name);
}

async function undoAll(): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
}

if (options.help) console.log(usage);
else {
  // Miniflare would leave its workerd behind.
  process.once("SIGINT", () => void undoAll().finally(() => process.exit(130)));
  try {
    await main();
  } finally {
    await undoAll();
  }
}
