import type { CheckCounts, CheckStep } from "../src/maintenance/check/check.ts";
import { parseToolOptions, runTool, targetUsage } from "./tool-options.ts";
import type { ToolTarget } from "./tool-target.ts";

const usage = `Usage: npm run verify -- [options]

Checks everything against everything: rows against rows, rows against shards, every frame of every shard,
bodies against their digests, drives against rows. Changes nothing. Ends with 1 where something is wrong.

${targetUsage}
  --help           this text`;

await runTool(async () => {
  const options = parseToolOptions(process.argv.slice(2), {}, process.env);
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const target = await options.open("refuse");
  try {
    return await verify(target);
  } finally {
    await target.close();
  }
});

/** Gives the exit code. */
async function verify(target: ToolTarget): Promise<number> {
  const totals: Partial<CheckCounts> = {};
  let wrong = 0;
  let query: Record<string, string> = {};
  for (;;) {
    const { findings, counts, next } = await target.ask<CheckStep>("GET", "check", query);
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
