import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installPython } from "../test/clients/install.ts";
import { startOwnSherd } from "./server/own-targets.ts";
import { selectRows } from "./sql/select.ts";
import { formatTable } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:select -- [options]

SELECT COUNT(*) … WHERE over a CSV by SelectObjectContent, and the same count by boto3's get_object and Python's csv module.

  --mib N        size of the CSV (default 1024)
  --json FILE    writes the rows`;

const { values: options } = parseArgs({
  options: {
    mib: { type: "string", default: "1024" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const undo = new Undo();

async function main(): Promise<void> {
  const sizeMib = Number(options.mib);
  if (!(Number.isInteger(sizeMib) && sizeMib >= 16 && sizeMib <= 20_000)) throw new Error("--mib: 16 to 20000");
  const installed = await installPython("boto3", false);
  if (!installed.ok) throw new Error(installed.why);
  const folder = await mkdtemp(join(tmpdir(), "sherd-select-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const sherd = await startOwnSherd(join(folder, "sherd"));
  undo.push(() => sherd.stop());
  const rows = await selectRows(sherd.target, folder, sizeMib);
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  const head = ["operation", "MB/s", "MB/s of server's CPU", ": download", "GET beside, ms"];
  const cells = rows.map((row) => [
    row.operation,
    row.sizeBytes === 0 ? "" : row.mbPerSecond.toFixed(0),
    row.mbPerServerCpuSecond?.toFixed(0) ?? "",
    row.ratioToDownload?.toFixed(1) ?? "",
    row.pingMs?.toFixed(1) ?? "",
  ]);
  console.log(formatTable(head, cells));
  if (options.json) await writeRows(options.json, rows);
}

if (options.help) console.log(usage);
else await undo.after(main);
