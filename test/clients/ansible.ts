import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Availability, type Client, type Job, runJobs, type Stage } from "./client.ts";
import { cleanEnvironment, command } from "./command.ts";
import { equal } from "./expect.ts";
import { installLargePython, installPython, venvProgram, versionOf } from "./install.ts";

const playbooks = join(import.meta.dirname, "ansible");

/** Ansible with its collection amazon.aws, which the package `ansible` of PyPI brings. */
export function ansibleClient(fresh: boolean): Client {
  return {
    name: "ansible",
    required: true,
    sharesPython: true,
    async prepare(): Promise<Availability> {
      for (const installed of [await installPython("boto3", fresh), await installLargePython("ansible", fresh)]) {
        if (!installed.ok) return { ready: false, why: installed.why };
      }
      return { ready: true, version: await versionOf([venvProgram("ansible"), "--version"]) };
    },
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [{ name: "identities-twice-then-gone", run: identities }];

/** The second run finds everything as it is to be. */
async function identities(stage: Stage): Promise<string> {
  const prefix = `ansible-${randomBytes(4).toString("hex")}`;
  const first = await play(stage, "playbook.yml", prefix);
  equal(first.failures, 0, "failures of the first run");
  equal(first.changed, first.ok, "tasks that change something the first time");
  const second = await play(stage, "playbook.yml", prefix);
  equal([second.changed, second.failures].join(), "0,0", "changes and failures of the second run");
  const removed = await play(stage, "remove.yml", prefix);
  equal(removed.failures, 0, "failures of the removal");
  return `${first.changed} things made`;
}

interface Recap {
  readonly ok: number;
  readonly changed: number;
  readonly failures: number;
}

async function play(stage: Stage, playbook: string, prefix: string): Promise<Recap> {
  const variables = { prefix, endpoint: stage.endpoint, with_bucket: "true" };
  const line = [venvProgram("ansible-playbook"), "-i", "localhost,", "-e", JSON.stringify(variables)];
  const env = {
    ...cleanEnvironment(stage),
    ANSIBLE_PYTHON_INTERPRETER: venvProgram("python"),
    ANSIBLE_STDOUT_CALLBACK: "ansible.posix.json",
    ANSIBLE_LOCALHOST_WARNING: "false",
    ANSIBLE_DEPRECATION_WARNINGS: "false",
    ANSIBLE_LOCAL_TEMP: join(stage.folder, "ansible"),
    ANSIBLE_REMOTE_TEMP: join(stage.folder, "ansible"),
  };
  const { stdout } = await command([...line, join(playbooks, playbook)], { env, timeoutMs: 300_000 });
  const text = stdout.toString();
  const report = JSON.parse(text.slice(text.indexOf("{"))) as { stats: Record<string, Recap> };
  return report.stats.localhost as Recap;
}
