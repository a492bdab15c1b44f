import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { bundleWorker } from "../../local/build/bundle.ts";
import { startRuntime, withDatabase } from "../../local/runtime.ts";

export interface LocalWorker {
  endpoint: string;
  /** Process ids of its workerd: one. */
  pids: readonly number[];
  stop(): Promise<void>;
}

export interface LocalWorkerOptions {
  /** Where drives and metadata lie. */
  dataDir: string;
  /** File of the Worker's entry. */
  entry: string;
  /** Files that are bundled in place of others, by the path of the one replaced. Absolute. */
  replacements?: ReadonlyMap<string, string>;
  vars?: Record<string, string>;
  /** Makes the tables. */
  migrate(database: D1Database): Promise<unknown>;
}

export const DRIVES = 6;

/**
 * Runs Workers in this process's Miniflare as the launcher runs Sherd: same runtime, own socket, six folders, D1 on disk.
 * One at a time may be starting.
 */
export class LocalWorkers {
  #lastPid = 0;

  constructor() {
    subscribe("child_process", this.#onChild);
  }

  async start({ dataDir, entry, replacements, vars = {}, migrate }: LocalWorkerOptions): Promise<LocalWorker> {
    const drivePaths = Array.from({ length: DRIVES }, (_, index) => join(dataDir, "drives", `drive-${index + 1}`));
    const metadataPath = join(dataDir, "metadata");
    for (const path of [metadataPath, ...drivePaths]) await mkdir(path, { recursive: true });
    await withDatabase(metadataPath, migrate);
    const runtime = await startRuntime({
      modules: await bundleWorker(entry, replacements),
      metadataPath,
      workers: [{ drivePaths, vars }],
      onLog: (_level, message) => void process.stderr.write(`${message}\n`),
    });
    return { endpoint: `http://127.0.0.1:${runtime.ports[0]}`, pids: [this.#lastPid], stop: () => runtime.dispose() };
  }

  /** To be called when all are stopped. */
  close(): void {
    unsubscribe("child_process", this.#onChild);
  }

  readonly #onChild = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    child.once("spawn", () => {
      if (child.spawnfile.includes("workerd")) this.#lastPid = child.pid ?? 0;
    });
  };
}
