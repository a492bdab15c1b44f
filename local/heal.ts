import type { HealCount, HealStep } from "../src/maintenance/heal/heal-drives.ts";
import { StartError } from "./start-error.ts";
import { parseToolOptions, runTool, targetUsage } from "./tool-options.ts";
import type { ToolTarget } from "./tool-target.ts";

const usage = `Usage: npm run heal -- (--drive NAME | --all) [options]

Looks for every shard that the drive should hold, and writes anew what is missing, from the other drives: the
blobs closest to loss first. Ends with 1 where something could not be healed.

${targetUsage}
  --drive NAME     the drive
  --all            all drives
  --dry-run        only counts what is missing
  --adopt          takes the drive over first although it belongs to another store, which then loses it
  --rate BYTES     writes at most so many bytes a second
  --help           this text`;

/** Interval of checks while another run of the jobs has the work. */
const POLL_MS = 1_000;

await runTool(async () => {
  const own = {
    drive: { type: "string" },
    all: { type: "boolean" },
    "dry-run": { type: "boolean" },
    adopt: { type: "boolean" },
    rate: { type: "string" },
  } as const;
  const options = parseToolOptions(process.argv.slice(2), own, process.env);
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const { drive, all, adopt, rate } = options.own;
  if ((typeof drive === "string") === (all === true)) throw new StartError("give --drive NAME or --all (--help)");
  const name = typeof drive === "string" ? drive : "all";
  const target = await options.open("refuse");
  try {
    if (options.own["dry-run"] === true) return await dryRun(target, name);
    const bound: Record<string, string> = typeof rate === "string" ? { "bytes-per-second": rate } : {};
    return await heal(target, { drive: name, ...(adopt === true ? { adopt: "1" } : {}) }, bound);
  } finally {
    await target.close();
  }
});

/** Returns the exit code. */
async function heal(target: ToolTarget, begin: Record<string, string>, bound: Record<string, string>): Promise<number> {
  const beganMs = Date.now();
  let writtenBytes = 0;
  let writtenShards = 0;
  let query: Record<string, string> = { ...begin, ...bound };
  for (;;) {
    const step = await target.ask<HealStep>("POST", "heal", query);
    query = bound;
    writtenBytes += step.writtenBytes;
    writtenShards += step.writtenShards;
    const looking = step.openDrives.length > 0 ? `looking at ${step.openDrives.join(", ")}; ` : "";
    const seconds = Math.round((Date.now() - beganMs) / 1000);
    console.log(
      `${seconds} s: ${looking}${writtenShards} shards (${mebibytes(writtenBytes)} MiB) written, ${step.waitingShards} wait`,
    );
    if (step.state === "done") {
      if (step.waitingShards === 0) console.log("nothing is missing");
      else console.log(`${step.waitingShards} shards could not be healed: /-/durability says why`);
      return step.waitingShards === 0 ? 0 : 1;
    }
    if (step.lookedShards + step.notedShards + step.writtenShards === 0) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Returns the exit code: 1 if something is missing. */
async function dryRun(target: ToolTarget, drive: string): Promise<number> {
  let looked = 0;
  let absent = 0;
  const unreachable = new Set<string>();
  let query: Record<string, string> = {};
  for (;;) {
    const count = await target.ask<HealCount>("POST", "heal", { drive, "dry-run": "1", ...query });
    looked += count.lookedShards;
    absent += count.absentShards;
    for (const name of count.unreachable) unreachable.add(name);
    if (count.next === null) break;
    query = { from: JSON.stringify(count.next) };
  }
  for (const name of unreachable) console.log(`drive ${name} does not answer`);
  console.log(`${absent} of ${looked} shards are missing`);
  return absent === 0 && unreachable.size === 0 ? 0 : 1;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}
