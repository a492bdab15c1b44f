import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const projectFolder = join(import.meta.dirname, "..", "..");

export interface ServerOptions {
  readonly dataFolder: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Further variables of the environment. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface RunningServer {
  readonly endpoint: string;
  readonly port: number;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL to the launcher and to everything that it started, as a loss of power would. */
  kill(): Promise<void>;
  /** SIGKILL to the launcher alone. */
  killLauncher(): Promise<void>;
  /** What the server has printed so far. */
  output(): string;
}

/** Launchers that have not ended. They have process groups of their own, so whatever ends this process leaves them. */
const launchers = new Set<ChildProcess>();

/** SIGTERM to every server that was started here and still runs, and waits for the end of them, but not longer than `waitMs`. */
export async function stopAllServers(waitMs: number): Promise<void> {
  const ended = Promise.all([...launchers].map((child) => end(child, () => child.kill("SIGTERM"))));
  await Promise.race([ended, sleep(waitMs)]);
  for (const child of launchers) killGroup(child);
}

/** Starts `local/start.mjs` and waits until it has printed its endpoint and answers. Throws with its output where it does not within 60 s. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const node = join(projectFolder, "node_modules", ".bin", "node");
  const script = join(projectFolder, "local", "start.mjs");
  const child = spawn(node, [script, "--port", String(options.port), "--data", options.dataFolder, "--quiet"], {
    cwd: projectFolder,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? options.dataFolder,
      SHERD_ACCESS_KEY_ID: options.accessKeyId,
      SHERD_SECRET_ACCESS_KEY: options.secretAccessKey,
      SHERD_DOMAIN: "localhost",
      ...options.variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own: a kill of the group leaves no workerd behind.
    detached: true,
  });
  launchers.add(child);
  child.once("close", () => launchers.delete(child));
  const log = collectOutput(child);
  const endpoint = await endpointOf(child, log);
  return {
    endpoint,
    port: Number(new URL(endpoint).port),
    stop: () => end(child, () => child.kill("SIGTERM")),
    kill: () => end(child, () => killGroup(child)),
    killLauncher: () => end(child, () => child.kill("SIGKILL")),
    output: log.text,
  };
}

/** A port that nothing listens on now, for a server that has to come back at the same address. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

interface Log {
  text(): string;
  onText(listener: () => void): void;
}

function collectOutput(child: ChildProcess): Log {
  let text = "";
  let listener = () => {};
  const take = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-100_000);
    listener();
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return {
    text: () => text,
    onText: (next) => {
      listener = next;
    },
  };
}

function endpointOf(child: ChildProcess, log: Log): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      killGroup(child);
      reject(new Error(`the server ${why}\n${log.text()}`));
    };
    const timer = setTimeout(() => fail("printed no endpoint within 60 s"), 60_000);
    child.once("exit", (code, signal) => fail(`ended before it served: ${code ?? signal}`));
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    log.onText(() => {
      // The start page may arrive in pieces: only a whole line names the whole port.
      const found = /(http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+)\b[^\n]*\n/.exec(log.text());
      if (found?.[1] === undefined) return;
      log.onText(() => {});
      clearTimeout(timer);
      child.removeAllListeners("exit");
      child.removeAllListeners("error");
      resolve(found[1]);
    });
  });
}

async function end(child: ChildProcess, signal: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const timer = setTimeout(() => killGroup(child), 15_000);
  signal();
  await ended;
  clearTimeout(timer);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has gone already, which is what was wanted.
  }
}
