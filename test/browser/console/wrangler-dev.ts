import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ConsoleServer } from "./console-stage.ts";

const root = join(import.meta.dirname, "../../..");
const START_MS_MAX = 100_000;

/** `npx wrangler dev` as the README gives it, on a free port. It keeps what it stores below `.wrangler`, so delete that again. */
export async function startWranglerDev(): Promise<ConsoleServer> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  // A group of its own, so that nothing of it can be left behind.
  const child = spawn("npx", ["wrangler", "dev", "--ip", "127.0.0.1", "--port", String(port)], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const exited = once(child, "exit");
  const stop = async () => {
    kill(child, "SIGTERM");
    const late = setTimeout(() => kill(child, "SIGKILL"), 5_000);
    await exited;
    clearTimeout(late);
  };
  for (const untilMs = Date.now() + START_MS_MAX; !(await isHealthy(endpoint)); ) {
    if (Date.now() < untilMs && child.exitCode === null) continue;
    if (child.exitCode === null) await stop();
    throw new Error(`wrangler dev does not serve:\n${output}`);
  }
  const text = await readFile(join(root, ".dev.vars"), "utf8");
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
  const [accessKeyId, secretAccessKey] = [value("SHERD_ACCESS_KEY_ID"), value("SHERD_SECRET_ACCESS_KEY")];
  return { endpoint, accessKeyId, secretAccessKey, stop };
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of the group has ended.
  }
}

async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/-/health`, { signal: AbortSignal.timeout(2_000) })).status === 200;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 200));
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
