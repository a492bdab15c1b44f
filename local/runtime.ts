import type { D1Database } from "@cloudflare/workers-types";
import { Log, LogLevel, Miniflare, type MiniflareOptions, type WorkerdStructuredLog } from "miniflare";
import type { WorkerModules } from "./build/bundle.ts";
import { compatibilityDate, compatibilityFlags } from "./compatibility.ts";

/** A Worker to run: it has metadata and drives of its own. */
export interface RuntimeWorker {
  /** Name of its database in `metadataPath`; "sherd" by default. */
  database?: string;
  drivePaths: readonly string[];
  /** Plain-text variables of the Worker. */
  vars: Record<string, string>;
}

export interface RuntimeOptions {
  modules: WorkerModules;
  metadataPath: string;
  /** At least one. All run the same modules, each in an isolate of its own. */
  workers: readonly RuntimeWorker[];
  /** One message of a Worker or of workerd. */
  onLog: (level: string, message: string) => void;
}

/** Running Workers in one process of workerd. */
export interface Runtime {
  /** Their ports, in the order of the Workers. */
  ports: number[];
  /** Ends workerd and everything of Miniflare at once. */
  dispose(): Promise<void>;
}

type Env = NonNullable<MiniflareOptions["workers"][number]["config"]["env"]>;

const database: Env[string] = { type: "d1", id: "sherd" };
const HOST = "127.0.0.1";

/** Options that keep Miniflare offline and separate. */
function sharedOptions(metadataPath: string) {
  return {
    // Miniflare's own entry, a proxy Worker in front of ours, serves only D1, for the migrations.
    host: HOST,
    port: 0,
    cf: false,
    enableDevRegistry: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.WARN, { prefix: "sherd" }),
    resourcePersistencePath: metadataPath,
  };
}

/** Opens the metadata for `use`, without a Worker that clients could reach; closes it again. */
export async function withDatabase<T>(metadataPath: string, use: (database: D1Database) => Promise<T>): Promise<T> {
  const miniflare = new Miniflare({
    ...sharedOptions(metadataPath),
    workers: [
      {
        config: {
          name: "migrations",
          compatibilityDate,
          manifest: {
            mainModule: "index.js",
            modules: { "index.js": { type: "esm", contents: "export default {};" } },
          },
          env: { DB: database },
        },
        dev: { cacheAPI: false },
      },
    ],
  });
  try {
    return await use((await miniflare.getD1Database("DB")) as unknown as D1Database);
  } finally {
    await miniflare.dispose();
  }
}

/** Starts the Workers, each on a socket of its own. Rejects with Miniflare's error if workerd cannot start. */
export async function startRuntime({ modules, metadataPath, workers, onLog }: RuntimeOptions): Promise<Runtime> {
  const manifest = manifestOf(modules);
  const name = (index: number) => `sherd-${index}`;
  const miniflare = new Miniflare({
    ...sharedOptions(metadataPath),
    handleStructuredLogs: ({ level, message }: WorkerdStructuredLog) => onLog(level, message),
    workers: workers.map((worker, index) => ({
      config: { name: name(index), compatibilityDate, compatibilityFlags, manifest, env: environmentOf(worker) },
      dev: {
        // Drives are local already: a cache on the same disk would gain nothing and has no limit.
        cacheAPI: false,
        unsafeDirectSockets: [{ host: HOST, port: 0 }],
      },
    })),
  });
  try {
    await miniflare.ready;
    const urls = await Promise.all(workers.map((_, index) => miniflare.unsafeGetDirectURL(name(index))));
    return { ports: urls.map(({ port }) => Number(port)), dispose: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose().catch(() => {}); // it repeats the error that made it unready
    throw error;
  }
}

function manifestOf({ entry, script, wasm }: WorkerModules) {
  const modules: Record<
    string,
    { type: "esm"; contents: string } | { type: "wasm"; contents: Uint8Array<ArrayBuffer> }
  > = { [entry]: { type: "esm", contents: script } };
  for (const [name, contents] of wasm) modules[name] = { type: "wasm", contents };
  return { mainModule: entry, modules };
}

function environmentOf({ database: id = "sherd", drivePaths, vars }: RuntimeWorker): Env {
  const env: Env = { DB: { type: "d1", id } };
  for (const [name, value] of Object.entries(vars)) env[name] = { type: "text", value };
  drivePaths.forEach((path, index) => {
    env[`DRIVE_${index + 1}`] = { type: "disk", path, writable: true };
  });
  return env;
}
