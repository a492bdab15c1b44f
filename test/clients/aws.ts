import { join } from "node:path";
import type { Stage } from "./client.ts";
import { attempt, type CommandOptions, type CommandResult, cleanEnvironment, command } from "./command.ts";
import { equal, includes } from "./expect.ts";

export type Make = (stage: Stage) => Aws;

/** JSON that a command prints. */
export type Answer = Record<string, unknown>;

/** The AWS CLI, pointed at the server under test. */
export class Aws {
  readonly stage: Stage;
  readonly #program: string;
  constructor(stage: Stage, program: string) {
    this.stage = stage;
    this.#program = program;
  }

  /** The command itself. */
  get program(): string {
    return this.#program;
  }

  run(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return command(this.#line(args), { env: this.environment(), ...options });
  }

  attempt(args: readonly string[]): Promise<CommandResult> {
    return attempt(this.#line(args), { env: this.environment() });
  }

  /** Its botocore may spoil a connection on which it sent an empty file; the job `empty-file-then-another` is about that. */
  environment(): Record<string, string> {
    return { ...cleanEnvironment(this.stage), BOTO_EXPERIMENTAL__NO_EMPTY_CONTINUE: "true" };
  }

  async text(...args: string[]): Promise<string> {
    return (await this.run(args)).stdout.toString();
  }

  /** What an `s3api` command answers; an empty object where it prints nothing. */
  async api(...args: string[]): Promise<Answer> {
    const text = await this.text("s3api", ...args);
    return text.trim() === "" ? {} : (JSON.parse(text) as Answer);
  }

  /** Throws unless an `s3api` command is refused with this code. */
  async refused(code: string, ...args: string[]): Promise<void> {
    const { code: exit, stderr } = await this.attempt(["s3api", ...args]);
    equal(exit === 0, false, `${args.join(" ")}: it succeeds`);
    includes(stderr, code, args.join(" "));
  }

  file(name: string): string {
    return join(this.stage.folder, name);
  }

  async withBucket(bucket: string, work: (url: string) => Promise<void>): Promise<void> {
    await this.run(["s3", "mb", `s3://${bucket}`]);
    try {
      await work(`s3://${bucket}`);
    } finally {
      await this.attempt(["s3", "rb", "--force", `s3://${bucket}`]);
    }
  }

  #line(args: readonly string[]): string[] {
    return [this.#program, "--endpoint-url", this.stage.endpoint, "--output", "json", ...args];
  }
}
