import { join } from "node:path";
import { applyMigrations } from "../../local/migrations.ts";
import { DRIVES, type LocalWorker, type LocalWorkers } from "../floor/local-workers.ts";
import { benchCredentials } from "./sherd-server.ts";
import type { Door } from "./signed-request.ts";

const root = join(import.meta.dirname, "../..");

/** What a Worker has asked for since it began. */
export interface Metered {
  /** Of D1. */
  roundTrips: number;
  rowsRead: number;
  rowsWritten: number;
  /** Class A of R2: writes. */
  drivePuts: number;
  /** Class B: reads. */
  driveGets: number;
  /** Free. */
  driveDeletes: number;
}

export type MeteredSherd = LocalWorker & Door;

/** Runs Sherd with its counters within reach: the real Worker on workerd, real D1, six folders as drives. */
export async function startMeteredSherd(
  workers: LocalWorkers,
  dataDir: string,
  replacements: ReadonlyMap<string, string> = new Map(),
): Promise<MeteredSherd> {
  const drives = Array.from({ length: DRIVES }, (_, index) => {
    const name = `drive-${index + 1}`;
    return { name, type: "disk", binding: `DRIVE_${index + 1}`, domain: name };
  });
  const worker = await workers.start({
    dataDir,
    entry: join(import.meta.dirname, "metered-worker.ts"),
    replacements,
    vars: {
      SHERD_DRIVES: JSON.stringify(drives),
      SHERD_REGION: "us-east-1",
      SHERD_ACCESS_KEY_ID: benchCredentials.accessKeyId,
      SHERD_SECRET_ACCESS_KEY: benchCredentials.secretAccessKey,
    },
    migrate: (database) => applyMigrations(database, join(root, "migrations")),
  });
  return { ...worker, ...benchCredentials };
}

export async function readMetered({ endpoint }: Pick<Door, "endpoint">): Promise<Metered> {
  return (await (await fetch(`${endpoint}/bench/cost`)).json()) as Metered;
}

/**
 * From now on D1 is asked once for each set of statements, whatever their values: for repetitions
 * of one request.
 */
export async function replayDatabase({ endpoint }: Pick<Door, "endpoint">): Promise<void> {
  await fetch(`${endpoint}/bench/replay`);
}

/** What was asked for between two readings. */
export function meteredBetween(before: Metered, after: Metered): Metered {
  const names = Object.keys(after) as (keyof Metered)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as Metered;
}

/** Runs one statement on the server's D1 and gives its rows. */
export async function runSql({ endpoint }: Pick<Door, "endpoint">, sql: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${endpoint}/bench/sql`, { method: "POST", body: sql });
  if (!response.ok) throw new Error(`${sql.slice(0, 200)}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>[];
}
