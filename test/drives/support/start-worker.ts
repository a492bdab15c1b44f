import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Log, LogLevel, Miniflare } from "miniflare";

/** Another server, and the root key to it. */
export interface Elsewhere {
  endpoint: string;
  id: string;
  secret: string;
}

export interface DriveWorker {
  /** Runs one case inside workerd; throws what it threw. */
  run(suite: string, name: string, elsewhere?: Elsewhere): Promise<void>;
  /** What workerd complained of since the last call: a promise that was rejected and not handled, an internal error. */
  complaints(): string[];
  stop(): Promise<void>;
}

/** The simulated R2 fails inside itself if a body is aborted, and if a range begins at the object's end. */
const known = /R2 error response does not contain the CF-R2-Error header/;

/** Starts the contract's Worker on real drives in a folder of its own. */
export async function startDriveWorker(): Promise<DriveWorker> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-drives-"));
  for (const name of ["disk", "configured"]) await mkdir(join(folder, name));
  const contents = await bundle();
  const logged: string[] = [];
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    enableDevRegistry: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) =>
      logged.push(`${level}: ${message}`),
    resourcePersistencePath: join(folder, "resources"),
    workers: [
      {
        config: {
          name: "drives",
          compatibilityDate: "2026-11-09",
          compatibilityFlags: ["nodejs_compat"],
          manifest: {
            mainModule: "index.mjs",
            modulesRoot: folder,
            modules: { "index.mjs": { type: "esm", contents } },
          },
          env: {
            DISK: { type: "disk", path: join(folder, "disk"), writable: true },
            CONFIGURED_DISK: { type: "disk", path: join(folder, "configured"), writable: true },
            CONFIGURED_R2: { type: "r2", name: "configured" },
            KV: { type: "kv", id: "kv" },
            S3: {
              type: "r2",
              name: "elsewhere",
              dev: {
                experimentalS3Credentials: { accessKeyId: "drive-test-id", secretAccessKey: "drive-test-secret" },
              },
            },
            R2: { type: "r2", name: "r2" },
          },
        },
      },
    ],
  });
  const entry = await miniflare.ready;
  const endpoint = new URL("/cdn-cgi/local/r2/s3", entry).href;
  return {
    run: async (suite, name, elsewhere) => {
      const query = new URLSearchParams({ suite, case: name, endpoint, ...elsewhere });
      const response = await miniflare.dispatchFetch(`http://drives/?${query}`);
      const text = await response.text();
      if (response.status !== 204) throw new Error(`inside workerd: ${text}`);
    },
    complaints: () => logged.splice(0).filter((complaint) => !known.test(complaint)),
    stop: async () => {
      await miniflare.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function bundle(): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, "worker.ts")],
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker"],
    external: ["node:*", "cloudflare:*"],
    write: false,
  });
  return result.outputFiles[0]!.text;
}
