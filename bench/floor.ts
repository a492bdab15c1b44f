import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBare } from "./floor/bare-server.ts";
import { makeBodies } from "./floor/bodies.ts";
import { type Row, runContest } from "./floor/contest.ts";
import { contests, prepareObjects } from "./floor/contests.ts";
import { contestTable } from "./floor/report.ts";
import { newFileSweeper } from "./floor/sweep.ts";
import { BenchClient } from "./support/http-client.ts";
import { startSherd } from "./support/sherd-server.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "15" },
    op: { type: "string", multiple: true },
  },
});

const folder = await mkdtemp(join(tmpdir(), "sherd-floor-"));
const sherdDir = join(folder, "sherd");
const client = new BenchClient();
const bodies = await makeBodies();
const sherd = await startSherd(sherdDir);
const bare = await startBare(join(folder, "bare"));
const rivals = { sherd, bare };
try {
  await prepareObjects(client, rivals, bodies);
  const rounds = Number(options.rounds);
  const sweep = newFileSweeper(sherdDir);
  const rows: Row[] = [];
  for (const contest of contests(rivals, bodies, { largeRounds: rounds, smallRounds: rounds, sweep })) {
    if (options.op && !options.op.includes(`${contest.op}-${contest.bytes}`)) continue;
    rows.push(...(await runContest(client, contest)));
  }
  console.log(contestTable(rows));
  if (options.json) await writeFile(options.json, JSON.stringify({ rows }, null, 2));
} finally {
  client.close();
  await Promise.allSettled([sherd.stop(), bare.stop()]);
  await rm(folder, { recursive: true, force: true });
}
