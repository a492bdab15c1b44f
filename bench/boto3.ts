import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { installPython, venvProgram } from "../test/clients/install.ts";
import { startOwnSherd } from "./server/own-targets.ts";
import { parseTarget, type Target, targetCpuMs } from "./server/target.ts";
import { processesServing } from "./support/listening-process.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:boto3 -- [options]

upload_file and download_file of boto3 with its defaults: against Sherd, as npm start runs it, and against a server that drops
and makes up bytes, which shows what boto3 can do on this machine. Takes three times the size below the temporary folder.

  --mib N        size of the file (default 1907, which is 2 GB)
  --target NAME=URL,KEY,SECRET   another server that runs; may be repeated
  --json FILE    writes the rows
  --markdown     prints the table for a document`;

const { values: options } = parseArgs({
  options: {
    mib: { type: "string", default: "1907" },
    target: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Row {
  server: string;
  operation: string;
  sizeBytes: number;
  mbPerSecond: number;
  /**
   * CPU of boto3's process and of the server's, in cores. Python runs one thread at a time, except
   * for hashing and sending.
   */
  clientCores: number;
  serverCores: number | null;
  /** Its speed divided by that against the server that does nothing. */
  ratioToNull: number;
}

const MIB = 1024 * 1024;
const undo = new Undo();

async function main(): Promise<void> {
  const sizeMib = Number(options.mib);
  if (!(Number.isInteger(sizeMib) && sizeMib >= 1 && sizeMib <= 20_000)) throw new Error("--mib: 1 to 20000");
  const installed = await installPython("boto3", false);
  if (!installed.ok) throw new Error(installed.why);
  const folder = await mkdtemp(join(tmpdir(), "sherd-boto3-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await writeNoise(join(folder, "sent"), sizeMib);
  const nothing = await startNullServer(sizeMib * MIB);
  const sherd = await startOwnSherd(join(folder, "sherd"));
  undo.push(() => sherd.stop());
  const named = options.target
    .map(parseTarget)
    .map((target) => ({ ...target, pids: processesServing(target.endpoint) }));
  const rows: Row[] = [];
  for (const target of [nothing, ...named, sherd.target]) {
    for (const row of await transfer(target, folder, target === nothing ? [] : ["verify"])) {
      const same = rows.find(({ operation }) => operation === row.operation) ?? row;
      rows.push({ ...row, ratioToNull: row.mbPerSecond / same.mbPerSecond });
    }
  }
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  console.log(table(rows));
  if (options.json) await writeRows(options.json, rows);
}

function table(rows: readonly Row[]): string {
  const head = ["server", "operation", "MB/s", ": nothing", "boto3's cores", "server's cores"];
  const cells = rows.map((row) => [
    row.server,
    row.operation,
    row.mbPerSecond.toFixed(0),
    row.ratioToNull.toFixed(2),
    row.clientCores.toFixed(2),
    row.serverCores?.toFixed(2) ?? "?",
  ]);
  return (options.markdown ? formatMarkdown : formatTable)(head, cells);
}

/** No two MiB are the same, so that swapped parts are noticed. */
async function writeNoise(path: string, sizeMib: number): Promise<void> {
  const file = await open(path, "w");
  for (let written = 0; written < sizeMib; written++) await file.write(randomBytes(MIB));
  await file.close();
}

async function startNullServer(sizeBytes: number): Promise<Target> {
  const program = join(import.meta.dirname, "boto3/null-server.ts");
  const server = spawn(process.execPath, [program, `${sizeBytes}`], { stdio: ["ignore", "pipe", "inherit"] });
  undo.push(() => server.kill());
  const [port] = await once(server.stdout, "data", { signal: AbortSignal.timeout(30_000) });
  const endpoint = `http://127.0.0.1:${String(port).trim()}`;
  return { name: "nothing", endpoint, accessKeyId: "none", secretAccessKey: "none", pids: [server.pid ?? 0] };
}

interface Line {
  operation: string;
  event: "begin" | "end";
  seconds: number;
  clientCpuSeconds: number;
}

/** Rejects if boto3 fails, or the bytes that come back differ. */
async function transfer(
  target: Target,
  folder: string,
  verify: readonly string[],
): Promise<Omit<Row, "ratioToNull">[]> {
  const program = join(import.meta.dirname, "boto3/transfer.py");
  const client = spawn(venvProgram("python"), [program, target.endpoint, folder, ...verify], {
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
  });
  const ended = once(client, "exit");
  const rows: Omit<Row, "ratioToNull">[] = [];
  const sizeBytes = Number(options.mib) * MIB;
  let beforeMs: number | null = null;
  for await (const text of createInterface({ input: client.stdout })) {
    const { operation, event, seconds, clientCpuSeconds } = JSON.parse(text) as Line;
    const usedMs = targetCpuMs(target);
    if (event === "begin") beforeMs = usedMs;
    else {
      const serverCores = usedMs === null || beforeMs === null ? null : (usedMs - beforeMs) / 1000 / seconds;
      const mbPerSecond = sizeBytes / 1e6 / seconds;
      const clientCores = clientCpuSeconds / seconds;
      rows.push({ server: target.name, operation, sizeBytes, mbPerSecond, clientCores, serverCores });
    }
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`boto3 against ${target.name} ended with ${code}`);
  return rows;
}

if (options.help) console.log(usage);
else await undo.after(main);
