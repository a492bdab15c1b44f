import type { RestoreStep } from "../src/maintenance/snapshots/restore.ts";
import type { SnapshotSummary } from "../src/maintenance/snapshots/snapshot-format.ts";
import { parseToolOptions, runTool, targetUsage } from "./tool-options.ts";
import type { ToolTarget } from "./tool-target.ts";

const usage = `Usage: npm run restore -- [options]

Rebuilds the metadata from a snapshot on the drives, into a database that is empty.

${targetUsage}
  --list           lists the snapshots on the drives and changes nothing
  --snapshot ID    the snapshot to restore (default: the newest whole one)
  --database NAME  which of several databases (default: the first, DB)
  --help           this text

docs/operations.md says what to do before and after.`;

interface Listed {
  database: string;
  complete: SnapshotSummary[];
  incomplete: string[];
  unreachable: string[];
}

await runTool(async () => {
  const options = parseToolOptions(
    process.argv.slice(2),
    { list: { type: "boolean" }, snapshot: { type: "string" }, database: { type: "string" } },
    process.env,
  );
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const target = await options.open(options.own.list === true ? "leave" : "make");
  try {
    const lists = await target.ask<Listed[]>("GET", "snapshots");
    for (const line of lists.flatMap(describeList)) console.log(line);
    if (!lists.some(({ complete }) => complete.length > 0)) console.log("there is no whole snapshot on the drives");
    if (options.own.list === true) return 0;
    const { database, snapshot } = options.own;
    const query = Object.entries({ database, snapshot }).filter(([, value]) => value !== undefined);
    return await restore(target, Object.fromEntries(query.map(([name, value]) => [name, String(value)])));
  } finally {
    await target.close();
  }
});

function describeList({ database, complete, incomplete, unreachable }: Listed): string[] {
  return [
    ...complete.map((snapshot) => `${database}: snapshot ${describe(snapshot)}`),
    ...incomplete.map((id) => `${database}: snapshot ${id} is not whole, or too few of its shards can be read`),
    ...unreachable.map((drive) => `drive ${drive} does not answer`),
  ];
}

function describe({ id, beganMs, endedMs, rows }: SnapshotSummary): string {
  const time = (ms: number) => new Date(ms).toISOString();
  const { buckets = 0, objects = 0, versions = 0, uploads = 0 } = rows;
  return `${id} of ${time(beganMs)} to ${time(endedMs)}: ${buckets} buckets, ${objects} objects, ${versions} other versions, ${uploads} uploads`;
}

/** Returns the exit code. */
async function restore(target: ToolTarget, query: Record<string, string>): Promise<number> {
  for (;;) {
    const step = await target.ask<RestoreStep>("POST", "restore", query);
    switch (step.state) {
      case "refused":
        console.error(`sherd: nothing was restored: ${step.reason}`);
        return 1;
      case "going-on":
        console.log(`restored ${step.pieces} of ${step.piecesInAll} pieces`);
        break;
      case "restored":
        console.log(`restored ${describe(step.snapshot)}`);
        if (step.lostReferences === 0) return 0;
        console.error(`sherd: ${step.lostReferences} references name blobs that the snapshot does not have`);
        return 1;
    }
  }
}
