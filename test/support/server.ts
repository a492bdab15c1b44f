import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface ServerOptions {
  /** Data folder to use and to keep. Without it the server gets a new one, which `stop` and `kill` remove. */
  dataDir?: string;
  /** Port to listen on; any free one without it. */
  port?: number;
  /** Further arguments of `npm start`. */
  args?: string[];
  /** Whether a first request is sent (default); false for an https endpoint that this process does not trust. */
  probe?: boolean;
  /** Variables of the environment, added to PATH and HOME, which are all that the server inherits. */
  env?: Record<string, string>;
}

/** A Sherd of its own process, started as `npm start` starts it. */
export interface TestServer {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  dataDir: string;
  /** Process id of the launcher. */
  pid: number;
  /** Process id of the workerd that answers, to measure its memory. */
  /** Of the metadata's process first, then of those that serve. */
  workerdPids: number[];
  /** What the server has printed so far, both streams. */
  output(): string;
  /** Sends SIGTERM (or another signal) and resolves with the exit code, null if the signal itself ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Sends SIGKILL to the launcher, and to nothing else. */
  kill(): Promise<void>;
}

/** Starts a server and resolves when it answers. Rejects with its output where it ends or has not within a minute. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "sherd-test-")));
  const { child, output } = spawnLauncher(
    ["--port", String(options.port ?? 0), "--data", dataDir, ...(options.args ?? [])],
    options.env,
  );
  const exited = once(child, "exit");
  const endpoint = await endpointOf(child, output);
  if (options.probe ?? true) {
    const response = await fetch(endpoint, { signal: AbortSignal.timeout(30_000) });
    await response.body?.cancel();
  }
  const credentials = await readCredentials(dataDir, options.env);
  const { workerdPids } = JSON.parse(await readFile(join(dataDir, "sherd.pid"), "utf8"));
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = await exited;
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    return code;
  };
  return {
    endpoint,
    ...credentials,
    dataDir,
    pid: child.pid ?? 0,
    workerdPids,
    output,
    stop: (signal = "SIGTERM") => end(signal),
    kill: async () => {
      await end("SIGKILL");
    },
  };
}

/** Runs the launcher to its end: for starts that are refused. */
export async function runLauncher(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; output: string }> {
  const { child, output } = spawnLauncher(args, env);
  const [code] = await once(child, "close");
  return { code, output: output() };
}

function spawnLauncher(
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; output: () => string } {
  const { PATH = "", HOME = tmpdir() } = process.env;
  const child = spawn(join(root, "node_modules/.bin/node"), [join(root, "local/start.mjs"), ...args], {
    cwd: root,
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk;
    });
  }
  return { child, output: () => text };
}

function endpointOf(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(`the server ${why}:\n${output()}`));
    };
    const timer = setTimeout(() => fail("did not start within a minute"), 60_000);
    const onExit = (code: number | null, signal: NodeJS.Signals | null) => fail(`ended with ${code ?? signal}`);
    child.once("exit", onExit);
    child.stdout?.on("data", () => {
      const endpoint = /listening on (https?:\S+)\n/.exec(output())?.[1];
      if (endpoint === undefined) return;
      clearTimeout(timer);
      child.removeListener("exit", onExit);
      resolve(endpoint);
    });
  });
}

async function readCredentials(dataDir: string, env: Record<string, string> = {}) {
  const { SHERD_ACCESS_KEY_ID: accessKeyId, SHERD_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  return JSON.parse(await readFile(join(dataDir, "credentials.json"), "utf8")) as {
    accessKeyId: string;
    secretAccessKey: string;
  };
}
