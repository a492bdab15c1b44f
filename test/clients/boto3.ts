import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Availability, Client, JobResult, Stage } from "./client.ts";
import { cleanEnvironment } from "./command.ts";
import { crtFolder, installPython, installRuntime, venvProgram, versionOf } from "./install.ts";
import { runProgram } from "./program.ts";
import { startTlsFront } from "./tls-front.ts";

/** Python modules that hold jobs, in the order in which they run; `crt` runs by itself, with the AWS runtime within reach, `parquet` and `inventory` are DuckDB's, `website` Eleventy's. */
const GROUPS = [
  ...["tutorial", "tutorial_botocore", "objects", "multipart", "checksums", "listing", "keys"],
  ...["errors", "signing", "forms", "streaming", "transfer", "writers", "tls", "access", "identities", "queues", "kms"],
  ...["encryption", "events", "queries", "tiers", "topics", "logs", "athena", "lifecycle", "documents"],
];

export const pythonFolder = join(import.meta.dirname, "boto3");

/** boto3: its jobs are Python, and each prints one JSON line (see boto3/main.py). */
export function boto3Client(fresh: boolean): Client {
  return {
    name: "boto3",
    required: true,
    sharesPython: true,
    async prepare(): Promise<Availability> {
      const installed = await installPython("boto3", fresh);
      if (!installed.ok) return { ready: false, why: installed.why };
      await installRuntime(fresh);
      return {
        ready: true,
        version: await versionOf([venvProgram("python"), "-c", "import boto3; print(boto3.__version__)"]),
      };
    },
    async run(stage, report) {
      const forgotten = await modulesWithoutGroup();
      if (forgotten.length > 0) throw new Error(`no group names the jobs of ${forgotten.join(", ")}`);
      await withTls(stage, (tls) => runPython(stage, GROUPS, tls, report));
      await withTls(stage, (tls) => runPython(stage, ["crt"], { ...tls, PYTHONPATH: crtFolder }, report));
    },
  };
}

/** Works with a TLS front before the server, which the variables name; without openssl there are none. */
export async function withTls(stage: Stage, work: (variables: Record<string, string>) => Promise<void>): Promise<void> {
  const front = await startTlsFront(stage.endpoint, stage.folder);
  try {
    await work(
      front === undefined ? {} : { CLIENTS_TLS_ENDPOINT: front.endpoint, CLIENTS_TLS_CERTIFICATE: front.certificate },
    );
  } finally {
    await front?.close();
  }
}

/** The environment of a Python program that talks to the server. */
export function pythonEnvironment(stage: Stage): Record<string, string> {
  return {
    ...cleanEnvironment(stage),
    CLIENTS_ENDPOINT: stage.endpoint,
    CLIENTS_FOLDER: stage.folder,
    ...(stage.ownServer ? { CLIENTS_OWN_SERVER: "1" } : {}),
    CLIENTS_CRT_FOLDER: crtFolder,
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONUNBUFFERED: "1",
  };
}

/** Runs the jobs of these modules of the folder boto3 with `env` besides, and reports each. */
export function runPython(
  stage: Stage,
  groups: readonly string[],
  env: Record<string, string>,
  report: (result: JobResult) => void,
): Promise<void> {
  const line = [venvProgram("python"), join(pythonFolder, "main.py"), ...groups];
  return runProgram(line, { ...pythonEnvironment(stage), ...env }, report);
}

/** Python modules that no group names: jobs that would never run. */
async function modulesWithoutGroup(): Promise<string[]> {
  const files = await readdir(pythonFolder);
  const shared = ["main", "harness", "raw", "crc", "crash_writer", "duck"];
  const known = new Set([...GROUPS, ...shared, "crt", "parquet", "inventory", "oracle", "website"]);
  return files.map((file) => file.replace(/\.py$/, "")).filter((name) => !name.startsWith("__") && !known.has(name));
}
