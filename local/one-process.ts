import type { D1Database } from "@cloudflare/workers-types";
import { clientOf } from "./migrations.ts";
import { startRuntime, withDatabase } from "./runtime.ts";
import type { Server, ServerOptions } from "./server.ts";
import { StartError } from "./start-error.ts";

/** Where there is no shell and no socket to hand on: Miniflare's one workerd does everything. */
export async function startInOneProcess(options: ServerOptions): Promise<Server> {
  if (options.tls)
    throw new StartError("--tls-cert needs several processes, which this system does not have: put a proxy before it");
  const { metadataPath } = options;
  await withDatabase(metadataPath, (database: D1Database) => options.beforeClients(clientOf(database)));
  const runtime = await startRuntime({ ...options, worker: options.modules().worker });
  const { runScheduled } = runtime;
  options.onProcesses([]);
  // Miniflare ends workerd at once.
  return {
    port: runtime.port,
    countsSockets: new Map(),
    runScheduled,
    stop: () => runtime.dispose().then(() => false),
  };
}
