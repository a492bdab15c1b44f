import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { readLines } from "../lines.ts";

const READY_MS_MAX = 60_000;

export interface WorkerdOptions {
  /** Arguments after `workerd serve`. */
  args: string[];
  /** Its environment, besides PATH. */
  environment: Record<string, string>;
  /** A listening socket, for descriptor 4 of workerd. */
  listenFd?: number;
  /** Folder of the Unix sockets, *.sock, which workerd makes itself. */
  unixSockets?: string;
  /** One message of a Worker or of workerd. */
  onLog: (level: string, message: string) => void;
  /** workerd had ended and was restarted: it has another process id. */
  onRestart: () => void;
  /** The shell that restarts it has ended, and workerd with it. */
  onEnd: () => void;
}

/** A workerd that is restarted whenever it ends unexpectedly. */
export interface SupervisedWorkerd {
  /** Process id of the present workerd. */
  pid(): number | undefined;
  /**
   * Asks workerd to finish: it accepts no more connections, completes the present requests and
   * exits. Killed after `graceMs`. Resolves with whether this workerd and each before it has ended
   * by itself: a killed one may leave unfinished files.
   */
  stop(graceMs: number): Promise<boolean>;
}

/**
 * The processes of one server. None outlives this process, even if it is killed without a chance to
 * act.
 */
export class WorkerdGroup {
  readonly #guard: ChildProcess;
  readonly #root: string;

  /**
   * `root`: the project's folder. `folders`: the server's own temporary files, which are removed
   * with it.
   */
  constructor(root: string, folders: readonly string[]) {
    this.#root = root;
    this.#guard = startGuard(folders);
  }

  /** Resolves when workerd serves its sockets. Rejects with its message if it ends before. */
  async start(options: WorkerdOptions): Promise<SupervisedWorkerd> {
    const { args, environment, listenFd, unixSockets = "", onLog, onRestart, onEnd } = options;
    // A process group of its own: Ctrl-C at the terminal, or any other signal to our group, does
    // not reach it.
    const script = join(this.#root, "local/workerd/supervise.sh");
    const child = spawn("/bin/sh", [script, "serve", "--experimental", "--control-fd=3", ...args], {
      detached: true,
      env: { PATH: searchPath(), ...environment, WORKERD_BINARY: workerdBinary(this.#root), UNIX_SOCKETS: unixSockets },
      stdio: ["ignore", "pipe", "pipe", "pipe", ...(listenFd === undefined ? [] : [listenFd])],
    });
    if (child.pid === undefined) throw await new Promise((resolve) => child.once("error", resolve));
    this.#guard.stdin?.write(`${child.pid}\n`);
    // If the shell was killed, its workerd would go on unguarded.
    child.once("exit", () => killGroup(child));
    // Wait until all output has been read.
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    void ended.then(onEnd);
    const said = relayLogs(child, onLog);
    let pid: number | undefined;
    let isReady = false;
    let wasKilled = false;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => {
        killGroup(child);
        reject(new Error(`workerd ${why}:\n${said()}`));
      };
      const timer = setTimeout(() => fail("did not start in time"), READY_MS_MAX);
      void ended.then(() => isReady || fail("ended"));
      readLines(child.stdio[3] as Readable, (line) => {
        const report = JSON.parse(line) as { event: string; pid?: number };
        if (report.event === "start") {
          if (pid !== undefined && !isReady) fail("ended at its start");
          pid = report.pid;
          if (isReady) {
            wasKilled = true;
            onRestart();
          }
        }
        if (report.event === "listen") {
          isReady = true;
          clearTimeout(timer);
          resolve();
        }
      });
    });
    return {
      pid: () => pid,
      stop: async (graceMs) => {
        child.kill("SIGTERM");
        const timer = setTimeout(() => {
          wasKilled = true;
          killGroup(child);
        }, graceMs);
        await ended;
        clearTimeout(timer);
        return !wasKilled;
      },
    };
  }

  /** After all have stopped. */
  close(): void {
    this.#guard.kill("SIGKILL");
  }
}

/** The shell looks for `rm` and `sleep` there, wherever the launcher was started. */
function searchPath(): string {
  const { PATH } = process.env;
  return PATH ? `${PATH}:/usr/bin:/bin` : "/usr/bin:/bin";
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-(child.pid as number), "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Passes on the output of a workerd, line by line; returns its end. */
function relayLogs(child: ChildProcess, onLog: WorkerdOptions["onLog"]): () => string {
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    readLines(stream as Readable, (line) => {
      const { level, message } = parseLog(line);
      last.push(message);
      if (last.length > 20) last.shift();
      onLog(level, message);
    });
  }
  return () => last.join("\n");
}

/** A line of workerd's structured log, or one printed by something below it. */
function parseLog(line: string): { level: string; message: string } {
  try {
    const { level, message } = JSON.parse(line) as { level?: unknown; message?: unknown };
    if (typeof level === "string" && typeof message === "string") return { level, message };
  } catch {
    // Not JSON.
  }
  return { level: "warn", message: line };
}

function workerdBinary(root: string): string {
  const workerd: { default: string } = createRequire(join(root, "package.json"))("workerd");
  return workerd.default;
}

/**
 * If this process is killed, its workerds would live on as orphans and keep the port and the files.
 * The guard is a shell that reads the ids of their process groups from a pipe. When the pipe ends,
 * it kills them and removes the folders.
 */
function startGuard(folders: readonly string[]): ChildProcess {
  const command =
    'groups=; while read -r id; do groups="$groups -$id"; done; [ -z "$groups" ] || kill -9 $groups; rm -rf "$@"';
  const args = ["-c", command, "guard", ...folders];
  const guard = spawn("/bin/sh", args, { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.on("error", (error) => console.error(`sherd: workerd is not guarded: ${error.message}`));
  guard.stdin?.on("error", () => {}); // the guard was killed: nothing is left to tell it
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return guard;
}
