import { type ChildProcess, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * Sees to the workerd processes that Miniflare starts: none outlives this process, not even where it is killed without a
 * chance to act, and each can be stopped gently.
 */
export interface WorkerdProcess {
  /** Process id of the workerd that runs now. */
  pid(): number | undefined;
  /**
   * Asks workerd to finish: it stops listening, completes the requests under way and exits. `onExit` runs the moment it
   * has, before Miniflare sees the exit. Resolves when workerd is gone or `graceMs` have passed.
   */
  drain(graceMs: number, onExit: () => void): Promise<void>;
  /** Stops watching, after Miniflare is disposed of. */
  close(): void;
}

const wrapperPath = join(import.meta.dirname, "workerd.sh");

/** Starts watching; to be called before Miniflare is made. */
export function watchWorkerd(): WorkerdProcess {
  const isPosix = process.platform !== "win32";
  if (isPosix) {
    process.env.WORKERD_BINARY = process.env.MINIFLARE_WORKERD_PATH ?? workerdBinary();
    process.env.MINIFLARE_WORKERD_PATH = wrapperPath;
  }
  const guard = isPosix ? startGuard() : undefined;
  let current: ChildProcess | undefined;
  let drained: (() => void) | undefined;
  // Node announces each child before anyone else can listen to it, so this exit listener comes before Miniflare's.
  const onChild = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    child.once("spawn", () => {
      if (!isWorkerd(child)) return;
      current = child;
      guard?.stdin?.write(`${child.pid}\n`);
    });
    child.once("exit", () => {
      if (child !== current) return;
      current = undefined;
      guard?.stdin?.write("\n");
      drained?.();
    });
  };
  subscribe("child_process", onChild);
  return {
    pid: () => current?.pid,
    drain: (graceMs, onExit) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        drained = () => {
          clearTimeout(timer);
          onExit();
          resolve();
        };
        if (current === undefined) drained();
        else current.kill("SIGTERM");
      }),
    close: () => {
      unsubscribe("child_process", onChild);
      guard?.stdin?.end();
    },
  };
}

function isWorkerd(child: ChildProcess): boolean {
  return child.spawnfile === process.env.MINIFLARE_WORKERD_PATH || child.spawnfile === workerdBinary();
}

/** The workerd that Miniflare would start. */
function workerdBinary(): string {
  const require = createRequire(import.meta.url);
  const workerd: { default: string } = createRequire(require.resolve("miniflare"))("workerd");
  return workerd.default;
}

/**
 * Where this process is killed, workerd would live on as an orphan and keep the port and the files. The guard is a shell
 * that reads workerd's process id from a pipe, an empty line when it has exited, and acts when the pipe ends. It has its own
 * session, so that what the terminal sends to the group does not reach it.
 */
function startGuard(): ChildProcess {
  const script = 'last=; while read -r pid; do last=$pid; done; [ -z "$last" ] || kill -9 "$last"';
  const guard = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.on("error", (error) => console.error(`sherd: workerd is not guarded: ${error.message}`));
  guard.stdin?.on("error", () => {}); // the guard was killed: nothing is left to tell it
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return guard;
}
