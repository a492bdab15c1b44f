import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree, proportionalMemory } from "../support/process-usage.ts";

export interface IdleRow {
  implementation: string;
  round: number;
  /**
   * Proportional set size of all processes of the server: each page divided by the number of
   * processes that share it.
   */
  totalBytes: number;
  launcherBytes: number;
  npmBytes: number;
  workerdBytes: number;
  /** From the command to the line that says where it listens. */
  startMs: number;
}

export interface IdleCase {
  implementation: string;
  checkout: string;
  dataDir: string;
  processes: number;
  round: number;
}

/** After the last start, so that what it needed is freed. */
const REST_MS = 8_000;
const READY_MS_MAX = 120_000;

/**
 * Starts `npm start` in a checkout, lets it rest, and adds up its processes. Throws if the system
 * does not report them.
 */
export async function measureIdle({ implementation, checkout, dataDir, processes, round }: IdleCase): Promise<IdleRow> {
  const args = ["--port", "0", "--data", dataDir, "--processes", String(processes), "--quiet"];
  const beganMs = performance.now();
  const npm = spawn("npm", ["start", "--", ...args], { cwd: checkout, stdio: ["ignore", "pipe", "inherit"] });
  try {
    await listening(npm);
    const startMs = performance.now() - beganMs;
    await sleep(REST_MS);
    const pids = processTree(npm.pid as number);
    const bytesOf = (wanted: (command: string) => boolean) =>
      pids
        .filter((pid) => wanted(readFileSync(`/proc/${pid}/cmdline`, "utf8")))
        .reduce((sum, pid) => sum + (proportionalMemory(pid) ?? Number.NaN), 0);
    const isLauncher = (command: string) => /local.start\.mjs|launcher\.cjs/.test(command);
    const isNpm = (command: string) => command.startsWith("npm") || command.includes("npm-cli");
    const launcherBytes = bytesOf((command) => isLauncher(command) && !isNpm(command));
    const npmBytes = bytesOf(isNpm);
    const totalBytes = bytesOf(() => true);
    return {
      implementation,
      round,
      totalBytes,
      launcherBytes,
      npmBytes,
      workerdBytes: totalBytes - launcherBytes - npmBytes,
      startMs,
    };
  } finally {
    await end(npm);
  }
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server did not start in time")), READY_MS_MAX);
    let said = "";
    child.stdout?.on("data", (text) => {
      said += text;
      if (!/listening on http:\S+\n/.test(said)) return;
      clearTimeout(timer);
      resolve();
    });
    child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
  });
}

/** npm does not always pass signals on, so the launcher is signalled directly. */
async function end(npm: ChildProcess): Promise<void> {
  const launcher = readdirSync("/proc").find((pid) => isChildOf(pid, npm.pid as number));
  const ended = once(npm, "exit");
  process.kill(launcher === undefined ? (npm.pid as number) : Number(launcher), "SIGTERM");
  await ended;
}

function isChildOf(pid: string, parent: number): boolean {
  try {
    return new RegExp(`^PPid:\\t${parent}$`, "m").test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
