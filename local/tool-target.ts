import { join } from "node:path";
import { currentBuild, root } from "./build/current-build.mjs";
import { serverModules } from "./build/modules.ts";
import { requireUsable } from "./configuration.ts";
import { type Credentials, makeCredentials } from "./credentials.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { diskDrives, driveTroubles } from "./host/disk-drives.ts";
import type { WatchedDrive } from "./host/disk-watch.ts";
import { openMounts } from "./host/mounts.ts";
import { requireMetadataOfDrives, requireNoShards } from "./host/start-checks.ts";
import { applyMigrations } from "./migrations.ts";
import { folderRootKeys } from "./root-keys.ts";
import { startServer } from "./server.ts";
import { StartError } from "./start-error.ts";
import { diskBinding, workerVars } from "./worker-vars.ts";

/** Time for other requests to finish when a command has its answers: none. */
const STOP_MS = 3_000;

/** The store that a command works on: a running server, or a data folder of a stopped one. */
export interface ToolTarget {
  /**
   * Requests the page `/-/<page>` with the root key. Throws a `StartError` for any status but 200.
   */
  ask<Answer>(method: "GET" | "POST", page: string, query?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * A running server anywhere. The keys are SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY, or those
 * of AWS's variables.
 */
export function remoteTarget(endpoint: string, environment: NodeJS.ProcessEnv): ToolTarget {
  const accessKeyId = environment.SHERD_ACCESS_KEY_ID ?? environment.AWS_ACCESS_KEY_ID;
  const secretAccessKey = environment.SHERD_SECRET_ACCESS_KEY ?? environment.AWS_SECRET_ACCESS_KEY;
  if (!accessKeyId || !secretAccessKey) {
    throw new StartError("--endpoint needs the root key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  return { ask: asker(endpoint, { accessKeyId, secretAccessKey }), close: async () => {} };
}

/**
 * What a command does if metadata are missing, or older than the drives. `refuse`: it needs the
 * store's own. `make`: it fills new ones. `leave`: it reads only the drives, and makes no lasting
 * metadata.
 */
export type MissingMetadata = "refuse" | "make" | "leave";

/**
 * A data folder of `npm start`; its server must be stopped. Starts the Worker on the folder, for
 * this machine alone, without background jobs and with a random key. Throws a `StartError`, before
 * anything is made, if the folder is in use or is no data folder. Reports drives that cannot be
 * used on standard error.
 */
export async function folderTarget(
  dataDir: string,
  environment: NodeJS.ProcessEnv,
  missing: MissingMetadata,
): Promise<ToolTarget> {
  const folder = await openDataFolder(dataDir, { mustExist: true });
  const credentials = makeCredentials();
  const { keys: rootKeys } = await folderRootKeys(folder.path, environment, { mayMake: false });
  const vars = workerVars(environment, { ...credentials, rootKeys }, true);
  const { drives: specs } = requireUsable(vars, { disks: folder.drivePaths.map(diskBinding), databases: ["DB"] });
  const drives = diskDrives(specs, folder);
  const { sentences, isUsable } = await driveTroubles(drives, openMounts(folder.path));
  for (const sentence of sentences) process.stderr.write(`sherd: ${sentence}\n`);
  if (missing === "refuse" && !folder.hasMetadata) await requireNoStoreWithoutMetadata(folder, drives);
  const isLeft = missing === "leave" && !folder.hasMetadata;
  const metadataPath = isLeft ? join(folder.temporaryPath, "no-metadata") : folder.metadataPath;
  const server = await startServer({
    ...{ root, host: "127.0.0.1", port: 0, fronts: 1, metadataPath, vars },
    ...{ drivePaths: folder.drivePaths, isUsable, temporaryPath: folder.temporaryPath },
    modules: () => serverModules(currentBuild()),
    // The drives were checked above, and the command is too short for a second check.
    answerHost: async () => undefined,
    beforeClients: async (metadata) => {
      if (missing === "refuse") await requireMetadataOfDrives(metadata, metadataPath, drives);
      await applyMigrations(metadata, join(root, "migrations"));
    },
    onLog: (level, message) => {
      if (level === "error" || level === "warn") process.stderr.write(`${message}\n`);
    },
    onProcesses: () => {},
    onLost: () => {
      process.stderr.write("sherd: a process that the command needs was killed\n");
      process.exit(1);
    },
  });
  return {
    ask: asker(`http://127.0.0.1:${server.port}`, credentials),
    async close() {
      await server.stop(STOP_MS);
      // The note of a killed server is for the next start, which cleans up after it.
      if (!folder.wasKilled) await folder.release();
    },
  };
}

async function requireNoStoreWithoutMetadata(folder: DataFolder, drives: readonly WatchedDrive[]): Promise<never> {
  await requireNoShards(folder.metadataPath, drives);
  throw new StartError(`there are no metadata in ${folder.metadataPath}: there is nothing to look at`);
}

function asker(endpoint: string, { accessKeyId, secretAccessKey }: Credentials): ToolTarget["ask"] {
  const authorization = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64")}`;
  return async (method, page, query = {}) => {
    const url = new URL(`/-/${page}`, endpoint);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = { authorization, accept: "application/json", "x-sherd-confirm": page };
    const response = await fetch(url, { method, headers }).catch((error: Error) => {
      throw new StartError(
        `${endpoint} does not answer: ${error.cause instanceof Error ? error.cause.message : error}`,
      );
    });
    const text = await response.text();
    if (response.status !== 200)
      throw new StartError(`${url.pathname} answers ${response.status}: ${text.slice(0, 500).trim()}`);
    return JSON.parse(text);
  };
}
