import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { venvProgram } from "../../test/clients/install.ts";
import { type Target, targetCpuMs } from "../server/target.ts";

export interface SelectRow {
  operation: string;
  sizeBytes: number;
  mbPerSecond: number;
  /** Of the server's own CPU time: what one core does. */
  mbPerServerCpuSecond: number | null;
  /** Median of GETs of a small object meanwhile. */
  pingMs: number | null;
  /** Its speed over that of downloading and filtering with Python. */
  ratioToDownload: number | null;
}

interface Line {
  operation: string;
  event: "begin" | "end";
  seconds: number;
  sizeBytes: number;
  pingMs: number | null;
}

/** Queries over a CSV of `sizeMib`, and the same count by boto3 and Python's csv module. Rejects where the two differ. */
export async function selectRows(target: Target, folder: string, sizeMib: number): Promise<SelectRow[]> {
  const client = spawn(
    venvProgram("python"),
    [join(import.meta.dirname, "select_csv.py"), target.endpoint, `${sizeMib}`],
    {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        AWS_ACCESS_KEY_ID: target.accessKeyId,
        AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_EC2_METADATA_DISABLED: "true",
        PYTHONDONTWRITEBYTECODE: "1",
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = once(client, "exit");
  const rows: SelectRow[] = [];
  let beforeMs: number | null = null;
  for await (const text of createInterface({ input: client.stdout })) {
    const { operation, event, seconds, sizeBytes, pingMs } = JSON.parse(text) as Line;
    const usedMs = targetCpuMs(target);
    if (event === "begin") {
      beforeMs = usedMs;
      continue;
    }
    const cpuSeconds = usedMs === null || beforeMs === null ? null : (usedMs - beforeMs) / 1000;
    const mbPerServerCpuSecond = cpuSeconds === null ? null : sizeBytes / 1e6 / cpuSeconds;
    rows.push({
      operation,
      sizeBytes,
      mbPerSecond: sizeBytes / 1e6 / seconds,
      mbPerServerCpuSecond,
      pingMs,
      ratioToDownload: null,
    });
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`the queries ended with ${code}`);
  const download = rows.at(-1)?.mbPerSecond ?? Number.NaN;
  return rows.map((row) => ({ ...row, ratioToDownload: row.sizeBytes === 0 ? null : row.mbPerSecond / download }));
}
