import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PreparedRequest } from "./http-client.ts";
import { type ObjectRequest, signedRequest } from "./signed-request.ts";

const root = join(import.meta.dirname, "../..");
const accessKeyId = "BENCHBENCHBENCHBENCH";
const secret = "benchmark-secret-benchmark-secret-bench1";
const READY_MS_MAX = 60_000;

export interface SherdServer {
  /** Without a slash at the end. */
  endpoint: string;
  /** Process ids of its workerds. */
  pids: readonly number[];
  stop(): Promise<void>;
}

/** An older checkout has one workerd. */
type Noted = { workerdPids: number[] } | { workerdPids?: never; workerdPid: number };

/**
 * Starts Sherd as `npm start` does, on a free port, with its data in `dataDir`: that of this checkout, or of the one in the
 * folder `checkout`. `variables` are added to its environment.
 */
export async function startSherd(
  dataDir: string,
  checkout = root,
  variables: Record<string, string> = {},
): Promise<SherdServer> {
  // A runtime in this process has left its own path there.
  const { MINIFLARE_WORKERD_PATH: _, ...environment } = process.env;
  const launcher = join(checkout, "local/start.mjs");
  const server = spawn(process.execPath, [launcher, "--port", "0", "--data", dataDir, "--quiet"], {
    env: { ...environment, SHERD_ACCESS_KEY_ID: accessKeyId, SHERD_SECRET_ACCESS_KEY: secret, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(server, "exit");
  try {
    const endpoint = await listening(server.stdout, ended);
    const noted = JSON.parse(await readFile(join(dataDir, "sherd.pid"), "utf8")) as Noted;
    const stop = async () => {
      server.kill("SIGTERM");
      await ended;
    };
    return { endpoint, pids: noted.workerdPids ?? [noted.workerdPid], stop };
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  }
}

function listening(stdout: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("Sherd did not start in time")), READY_MS_MAX);
    let said = "";
    stdout.on("data", (text) => {
      said += text;
      const endpoint = /listening on (http:\/\/\S+)/.exec(said)?.[1];
      if (endpoint === undefined) return;
      clearTimeout(timer);
      resolve(endpoint);
    });
    void ended.then(() => reject(new Error(`Sherd ended: ${said}`)));
  });
}

/** A signed request to a Sherd started here. Whoever measures signs before the clock runs. */
export function prepare(endpoint: string, request: ObjectRequest): PreparedRequest {
  return signedRequest({ endpoint, ...benchCredentials }, request);
}

/** The keys of the servers started here, for a Sherd that a benchmark runs in another way. */
export const benchCredentials = { accessKeyId, secretAccessKey: secret };
