import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { processesServing } from "../support/listening-process.ts";
import { benchCredentials, startSherd } from "../support/sherd-server.ts";
import type { Target } from "./target.ts";

const run = promisify(execFile);
const S3RVER = "s3rver@3.7.1";
/** Kept between runs, and gone with node_modules. */
const CACHE = join(import.meta.dirname, "../../node_modules/.cache/bench-server");
const START_MS_MAX = 30_000;

export interface OwnTarget {
  target: Target;
  stop(): Promise<void>;
}

/** Sherd of this checkout, or of another, as `npm start` runs it, with its data in `dataDir`. */
export async function startOwnSherd(
  dataDir: string,
  { name = "Sherd", checkout }: { name?: string; checkout?: string } = {},
): Promise<OwnTarget> {
  const { endpoint, pids, stop } = await startSherd(dataDir, checkout);
  return { target: { name, endpoint, ...benchCredentials, pids }, stop };
}

/** Prints the port that it listens on. */
const S3RVER_PROGRAM = `
  const S3rver = require(process.argv[1]);
  new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory: process.argv[2] })
    .run().then(({ port }) => console.log(port));`;

/**
 * s3rver, installed from npm beside the project at its first use. Rejects if it is not available.
 */
export async function startS3rver(dataDir: string): Promise<OwnTarget> {
  const module = join(CACHE, "node_modules/s3rver");
  if (!existsSync(module)) {
    await mkdir(CACHE, { recursive: true });
    await writeFile(join(CACHE, "package.json"), '{ "private": true }\n');
    await run("npm", ["install", "--no-audit", "--no-fund", S3RVER], { cwd: CACHE });
  }
  await mkdir(dataDir, { recursive: true });
  const server = spawn(process.execPath, ["-e", S3RVER_PROGRAM, module, dataDir], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(server, "exit");
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
  };
  const gone = ended.then(() => Promise.reject(new Error("s3rver ended before it listened")));
  // After it listens, nobody waits for this.
  gone.catch(() => {});
  const said = once(server.stdout, "data", { signal: AbortSignal.timeout(START_MS_MAX) });
  const [port] = await Promise.race([said, gone]).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const endpoint = `http://127.0.0.1:${String(port).trim()}`;
  // The pair that it knows by default.
  const keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
  return { target: { name: "s3rver", endpoint, ...keys, pids: processesServing(endpoint) }, stop };
}
