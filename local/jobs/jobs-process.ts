import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { CountsAnswer } from "../host/merged-counts.ts";
import { readLines } from "../lines.ts";
import type { FromJobs, JobsConfiguration, ToJobs } from "./messages.ts";

/**
 * It reports its counts every few seconds. If it is silent for this long, it hangs, most likely on
 * a disk, and is ended.
 */
const SILENT_MS_MAX = 60_000;

export interface JobsProcessOptions {
  /** The program that `launch.ts` is bundled to. */
  script: string;
  configuration: JobsConfiguration;
  onLog: (level: string, message: string) => void;
  onCounts: (counts: CountsAnswer) => void;
  /** Called with its process id when it has started, with undefined when it has ended. */
  onPid: (pid: number | undefined) => void;
}

/**
 * Runs the background jobs of a server in a process of its own while there is much to do, apart
 * from the serving processes and at a lower priority. The process ends by itself, and also when
 * this process ends in any way.
 */
export class JobsProcess {
  readonly #options: JobsProcessOptions;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #isStopping = false;
  #wasKilled = false;

  constructor(options: JobsProcessOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Does nothing while it is running. */
  start(): void {
    if (this.#child || this.#isStopping) return;
    const { script, configuration, onLog, onCounts, onPid } = this.#options;
    const child = spawn(process.execPath, [script], {
      // A process group of its own: Ctrl-C at the terminal is for the launcher, which stops it.
      detached: true,
      env: {},
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    if (child.stdout) readLines(child.stdout, (line) => onLog("log", line));
    if (child.stderr) readLines(child.stderr, (line) => onLog("error", line));
    const hangs = () => {
      onLog("error", `sherd: the process of the background jobs hangs: it was silent for ${SILENT_MS_MAX / 1000} s`);
      child.kill("SIGKILL");
    };
    const silence = setTimeout(hangs, SILENT_MS_MAX).unref();
    child.on("message", (message: FromJobs) => {
      silence.refresh();
      onCounts(message.counts);
    });
    child.on("error", (error) => onLog("error", `sherd: the process of the background jobs: ${error.message}`));
    this.#ended = new Promise((resolve) => {
      child.once("close", (_code, signal) => {
        clearTimeout(silence);
        this.#child = null;
        if (signal !== null) this.#wasKilled = true;
        if (signal !== null && !this.#isStopping) {
          onLog("error", `sherd: the process of the background jobs was ended by ${signal}; the next run goes on`);
        }
        onPid(undefined);
        resolve();
      });
    });
    onPid(child.pid);
    this.#send(child, { kind: "begin", configuration });
  }

  /**
   * Lets it finish the present step, for at most `graceMs`. It is not started again. Resolves with
   * whether it has ended by itself each time: a killed one may have left unfinished files on the
   * drives.
   */
  async stop(graceMs: number): Promise<boolean> {
    this.#isStopping = true;
    const child = this.#child;
    if (child) {
      this.#send(child, { kind: "stop" });
      const giveUp = new AbortController();
      const late = sleep(graceMs, undefined, { signal: giveUp.signal }).then(
        () => child.kill("SIGKILL"),
        () => {},
      );
      await this.#ended;
      giveUp.abort();
      await late;
    }
    return !this.#wasKilled;
  }

  /** It may have ended meanwhile. */
  #send(child: ChildProcess, message: ToJobs): void {
    child.send(message, () => {});
  }
}
