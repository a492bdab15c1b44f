import { spawn } from "node:child_process";
import type { Stage } from "./client.ts";

export interface CommandOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Bytes for standard input; nothing by default. */
  readonly input?: Uint8Array | string;
  /** Default 120 s; the command is killed then. */
  readonly timeoutMs?: number;
  /** Called for each whole line of standard output while the command runs. */
  readonly onLine?: (line: string) => void;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a command to its end and returns how it went, exit code included; throws only where it cannot be started or takes too long. */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program ?? "", args, { cwd: options.cwd, env: options.env ?? process.env });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const timeoutMs = options.timeoutMs ?? 120_000;
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${argv.join(" ")}: not done after ${timeoutMs} ms\n${tail(stdout)}\n${tail(stderr)}`));
    }, timeoutMs);
    const emit = lineSplitter(options.onLine);
    child.stdout.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      emit(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
    // A command that ends without reading its input breaks the pipe; its exit code tells the story.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a command that has to succeed. Throws with the command line and its output where it does not. */
export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const result = await attempt(argv, options);
  if (result.code === 0) return result;
  throw new Error(
    `exit code ${result.code} of: ${argv.join(" ")}\n${result.stderr.slice(-4000)}\n${result.stdout.toString().slice(-2000)}`,
  );
}

/** An environment in which no configuration of the person at the keyboard, nor a proxy, reaches a client. */
export function cleanEnvironment(stage: Stage): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: stage.folder,
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    NO_PROXY: "*",
    AWS_ACCESS_KEY_ID: stage.accessKeyId,
    AWS_SECRET_ACCESS_KEY: stage.secretAccessKey,
    AWS_DEFAULT_REGION: stage.region,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
  };
}

function lineSplitter(onLine: ((line: string) => void) | undefined): (chunk: Buffer) => void {
  let rest = "";
  return (chunk) => {
    if (onLine === undefined) return;
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
}

function tail(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString().slice(-2000);
}
