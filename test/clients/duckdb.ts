import { runPython } from "./boto3.ts";
import type { Client } from "./client.ts";
import { installPython, venvProgram, versionOf } from "./install.ts";

/** Pinned: an extension fits the one release of DuckDB that it was built for. */
const VERSION = "1.5.5";
const PACKAGES = [
  "boto3",
  `duckdb==${VERSION}`,
  `duckdb-extensions==${VERSION}`,
  `duckdb-extension-httpfs==${VERSION}`,
];

/** DuckDB with its httpfs extension, both from PyPI; the jobs are boto3/parquet.py, boto3/inventory.py and boto3/oracle.py. */
export function duckDbClient(fresh: boolean): Client {
  return {
    name: "duckdb",
    required: true,
    sharesPython: true,
    async prepare() {
      for (const packageName of PACKAGES) {
        const installed = await installPython(packageName, fresh);
        if (!installed.ok) return { ready: false, why: installed.why };
      }
      const line = [venvProgram("python"), "-c", "import duckdb; print(duckdb.__version__)"];
      return { ready: true, version: await versionOf(line) };
    },
    run: (stage, report) => runPython(stage, ["parquet", "inventory", "oracle"], chosen(), report),
  };
}

/** How many queries are generated, and from which seed: a failure names its own. */
function chosen(): Record<string, string> {
  const { CLIENTS_SQL_QUERIES, CLIENTS_SQL_SEED } = process.env;
  return { ...(CLIENTS_SQL_QUERIES && { CLIENTS_SQL_QUERIES }), ...(CLIENTS_SQL_SEED && { CLIENTS_SQL_SEED }) };
}
