import { join } from "node:path";
import { applyMigrations } from "../../local/migrations.ts";
import type { BenchClient } from "../support/http-client.ts";
import { benchCredentials } from "../support/sherd-server.ts";
import type { Bodies } from "./bodies.ts";
import { type Contender, type Contest, type Row, runContest } from "./contest.ts";
import { type ContestOptions, contests, type Endpoint, prepareBucket } from "./contests.ts";
import { DRIVES, type LocalWorkers } from "./local-workers.ts";
import { newFileSweeper } from "./sweep.ts";

const root = join(import.meta.dirname, "../..");

/** Files that replace others in the bundle, to leave a stage out. */
export const STAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  signature: { "src/auth/sigv4/verify-signature.ts": "signature.ts" },
  D1: { "src/metadata/database.ts": "metadata.ts" },
  digests: { "src/erasure/checksum.ts": "digests.ts" },
  coding: { "src/erasure/engine.ts": "coding.ts", "src/erasure/kernel.ts": "coding-kernel.ts" },
  drives: { "src/drives/open.ts": "drives.ts" },
};

/** The same as `bundleWorker` takes it; empty for a stage that is none of them. */
export function replacementsOf(stage: string): Map<string, string> {
  const files = Object.entries(STAGES[stage] ?? {});
  return new Map(files.map(([replaced, by]) => [join(root, replaced), join(import.meta.dirname, "without", by)]));
}

export interface StageRow {
  op: string;
  bytes: number;
  /** "all" for the whole request. */
  stage: string;
  /**
   * Milliseconds by which the request is shorter without the stage, and their share of the whole.
   * Medians over the rounds.
   */
  ms: number;
  share: number;
  /**
   * The same of workerd's CPU, and of its part outside the kernel; null if the system does not
   * report it.
   */
  cpuMs: number | null;
  cpuUserMs: number | null;
}

/**
 * Cost of each stage of GET and PUT: how much faster the same request is if the Worker leaves the
 * stage out, all of them interleaved. Stages overlap, so the shares need not sum up to one. `body`
 * is a bare Worker that receives, or sends, a body of that size.
 */
export async function measureStages(
  workers: LocalWorkers,
  client: BenchClient,
  { folder, bare, bodies, rounds }: { folder: string; bare: Endpoint; bodies: Bodies; rounds: ContestOptions },
): Promise<StageRow[]> {
  const variants = [];
  for (const stage of ["all", ...Object.keys(STAGES)]) {
    const dataDir = join(folder, `without-${stage}`);
    const worker = await startWithout(workers, stage, dataDir);
    await prepareBucket(client, worker, bodies);
    variants.push({ name: stage, ...worker, sweep: newFileSweeper(dataDir) });
  }
  try {
    const rows: StageRow[] = [];
    for (const contest of contests({ bare, sherds: variants }, bodies, rounds)) {
      rows.push(...(await stageRows(client, contest, bare)));
    }
    return rows;
  } finally {
    for (const variant of variants) await variant.stop();
  }
}

function startWithout(workers: LocalWorkers, stage: string, dataDir: string) {
  const drives = Array.from({ length: DRIVES }, (_, index) => {
    const name = `drive-${index + 1}`;
    return { name, type: "disk", binding: `DRIVE_${index + 1}`, domain: name };
  });
  return workers.start({
    dataDir,
    entry: join(root, "src/index.ts"),
    replacements: replacementsOf(stage),
    vars: {
      SHERD_DRIVES: JSON.stringify(drives),
      SHERD_REGION: "us-east-1",
      SHERD_ACCESS_KEY_ID: benchCredentials.accessKeyId,
      SHERD_SECRET_ACCESS_KEY: benchCredentials.secretAccessKey,
    },
    migrate: (database) => applyMigrations(database, join(root, "migrations")),
  });
}

/** Runs the contest among the variants alone, the whole Worker first, and the bare body last. */
async function stageRows(client: BenchClient, contest: Contest, bare: Endpoint): Promise<StageRow[]> {
  // Of the ways to put a body the first: MD5 and SHA-256.
  const variants = ["all", ...Object.keys(STAGES)].flatMap((name) => {
    const found = contest.contenders.find((contender) => contender.name.split(",")[0] === name);
    return found ? [{ ...found, name }] : [];
  });
  const [whole] = variants;
  if (!whole) return [];
  const contenders = [...variants, bareBody(bare, contest, whole)];
  const rows = await runContest(client, { ...contest, contenders });
  return rows.map((row) => stageRow(row, rows[0] as Row));
}

/** HEAD has none: there it is an empty answer. */
function bareBody({ endpoint, pids }: Endpoint, { op: method, bytes }: Contest, whole: Contender): Contender {
  const url = `${endpoint}/body`;
  const prepare = () => {
    if (method === "HEAD") return { method: "GET", url: `${endpoint}/empty` };
    if (method === "GET") return { method, url, headers: { "x-size": `${bytes}` } };
    return { method, url, headers: { "content-length": `${bytes}` }, body: whole.prepare().body as Uint8Array };
  };
  return { name: "body", pids, prepare };
}

function stageRow(row: Row, all: Row): StageRow {
  const { op, bytes, implementation: stage, ratioToFloor } = row;
  // The measured value: the whole request, a bare body, or the rest without the stage.
  const isLeftOut = stage in STAGES;
  const share = isLeftOut ? 1 - 1 / ratioToFloor : 1 / ratioToFloor;
  const cost = (figure: "cpuMsPerRequest" | "cpuUserMsPerRequest") => {
    const [own, whole] = [row[figure], all[figure]];
    return own === null || whole === null || !isLeftOut ? own : whole - own;
  };
  const [cpuMs, cpuUserMs] = [cost("cpuMsPerRequest"), cost("cpuUserMsPerRequest")];
  return { op, bytes, stage, ms: share * all.p50Ms, share, cpuMs, cpuUserMs };
}
