import type { D1Database } from "@cloudflare/workers-types";
import { Log, LogLevel, Miniflare, type MiniflareOptions, type WorkerdStructuredLog } from "miniflare";
import type { WorkerModules } from "./build/bundle.ts";
import { compatibilityDate, compatibilityFlags } from "./compatibility.ts";

export interface RuntimeOptions {
  worker: WorkerModules;
  host: string;
  port: number;
  metadataPath: string;
  drivePaths: string[];
  /** Plain-text variables of the Worker. */
  vars: Record<string, string>;
  /** One message of the Worker or of workerd. */
  onLog: (level: string, message: string) => void;
  /** Port for V8's inspector, for profiles; none is opened without it. */
  inspectorPort?: number;
}

/** A running Worker. */
export interface Runtime {
  /** The port that it listens on. */
  port: number;
  /** Runs the `scheduled` handler once, as the cron trigger does. Rejects where it fails. */
  runScheduled(cron: string, now: Date): Promise<void>;
  /** Ends workerd at once and everything of Miniflare's. */
  dispose(): Promise<void>;
}

type Env = NonNullable<MiniflareOptions["workers"][number]["config"]["env"]>;

const database: Env[string] = { type: "d1", id: "sherd" };

/** Options that keep Miniflare offline and to itself. */
function sharedOptions(metadataPath: string) {
  return {
    // Miniflare's own entry, a proxy Worker in front of ours, serves only `runScheduled` and D1 for the migrations.
    host: "127.0.0.1",
    port: 0,
    cf: false,
    enableDevRegistry: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.WARN, { prefix: "sherd" }),
    resourcePersistencePath: metadataPath,
  };
}

/** Opens the metadata alone, with no Worker that clients could reach, for `use`; closes it again. */
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

/** Starts the Worker on its own socket. Rejects with Miniflare's error where workerd cannot start. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { worker, host, port, metadataPath, drivePaths, vars, onLog } = options;
  const env: Env = { DB: database };
  for (const [name, value] of Object.entries(vars)) env[name] = { type: "text", value };
  drivePaths.forEach((path, index) => {
    env[`DRIVE_${index + 1}`] = { type: "disk", path, writable: true };
  });
  const modules: Record<
    string,
    { type: "esm"; contents: string } | { type: "wasm"; contents: Uint8Array<ArrayBuffer> }
  > = {
    [worker.entry]: { type: "esm", contents: worker.script },
  };
  for (const [name, contents] of worker.wasm) modules[name] = { type: "wasm", contents };
  const miniflare = new Miniflare({
    ...sharedOptions(metadataPath),
    ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
    handleStructuredLogs: ({ level, message }: WorkerdStructuredLog) => onLog(level, message),
    workers: [
      {
        config: {
          name: "sherd",
          compatibilityDate,
          compatibilityFlags,
          manifest: { mainModule: worker.entry, modules },
          env,
        },
        dev: {
          // Drives are local already: a second copy in a cache on the same disk gains nothing and has no bound.
          cacheAPI: false,
          unsafeDirectSockets: [{ host, port }],
        },
      },
    ],
  });
  leaveSignalsToUs();
  try {
    await miniflare.ready;
    const url = await miniflare.unsafeGetDirectURL();
    return {
      port: Number(url.port || 80),
      runScheduled: async (cron, now) => {
        const { outcome } = await (await miniflare.getWorker()).scheduled({ cron, scheduledTime: now });
        if (outcome !== "ok") throw new Error(`outcome ${outcome}`);
      },
      dispose: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose().catch(() => {}); // it repeats the error that made it unready
    throw error;
  }
}

/** Miniflare kills workerd at the first signal; Sherd lets it finish the requests under way. */
function leaveSignalsToUs(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal);
}
