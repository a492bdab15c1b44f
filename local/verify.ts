import type { CheckCounts, CheckStep } from "../src/maintenance/check/check.ts";
import { parseToolOptions, runTool, targetUsage } from "./tool-options.ts";
import type { ToolTarget } from "./tool-target.ts";

const usage = `Usage: npm run verify -- [options]

Checks everything against everything: rows against rows, rows against shards, every frame of every shard,
bodies against their digests, drives against rows. Shards that are missing or wrong are queued for healing.
Ends with 1 where something is wrong.

${targetUsage}
  --report-only    queues nothing: changes nothing at all
  --help           this text`;

await runTool(async () => {
  const own = { "report-only": { type: "boolean" } } as const;
  const options = parseToolOptions(process.argv.slice(2), own, process.env);
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const target = await options.open("refuse");
  try {
    return await verify(target, options.own["report-only"] === true);
  } finally {
    await target.close();
  }
});

/** Returns the exit code. */
async function verify(target: ToolTarget, isReportOnly: boolean): Promise<number> {
  const totals: Partial<CheckCounts> = {};
  let wrong = 0;
  let query: Record<string, string> = {};
  for (;;) {
    const { findings, counts, next } = isReportOnly
      ? await target.ask<CheckStep>("GET", "check", query)
      : await target.ask<CheckStep>("POST", "verify", query);
    for (const { kind, what } of findings) console.log(`${kind}: ${what}`);
    wrong += findings.length;
    for (const [name, count] of Object.entries(counts) as [keyof CheckCounts, number][]) {
      totals[name] = (totals[name] ?? 0) + count;
    }
    if (next === null) break;
    query = { from: JSON.stringify(next) };
  }
  console.log(`checked ${JSON.stringify(totals)}`);
  console.log(wrong === 0 ? "nothing is wrong" : `${wrong} things are wrong`);
  return wrong === 0 ? 0 : 1;
}
