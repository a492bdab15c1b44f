// The erasure engine beside its peers: `npm run bench:erasure -- [--json FILE] [--only OPERATION] [--samples N]`.

import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { allCases, type Contestant } from "./erasure/cases.ts";
import { isaLContestants } from "./erasure/isa-l.ts";
import { localContestant } from "./erasure/local.ts";
import { measureCase, type Row } from "./erasure/measure.ts";
import { peerContestants } from "./erasure/peers.ts";
import { compilePlainXor } from "./erasure/plain-xor.ts";
import { peerTableOf, tableOf, targetTableOf } from "./erasure/report.ts";
import { prepareNative, preparePlainXor, prepareSherd } from "./erasure/rounds.ts";
import { workerdContestants } from "./erasure/workerd.ts";
import { writeRows } from "./support/write-rows.ts";

const ERASURE = join(import.meta.dirname, "../src/erasure");
/** Libraries and packages that are only compared with; kept between runs, and gone with node_modules. */
const CACHE = join(import.meta.dirname, "../node_modules/.cache/bench-erasure");

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    only: { type: "string" },
    samples: { type: "string", default: "11" },
  },
});

function skip(name: string, reason: unknown): void {
  const text = reason instanceof Error ? reason.message : String(reason);
  process.stderr.write(`skipped ${name}: ${text.trim().split("\n")[0]}\n`);
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
  return new Module(bytes);
}

async function contestantsOf(): Promise<Contestant[]> {
  const kernel = await compile(await readFile(join(ERASURE, "kernel.wasm")));
  const plainXor = await compilePlainXor();
  return [
    localContestant("sherd", await prepareSherd(kernel)),
    ...(await workerdContestants(plainXor)),
    localContestant("native", prepareNative),
    localContestant("plain", await preparePlainXor(await compile(plainXor))),
    ...(await peerContestants(join(CACHE, "npm"), skip)),
    ...(await isaLContestants(join(CACHE, "isa-l"), skip)),
  ];
}

execFileSync(process.execPath, [join(ERASURE, "assembly/build.mjs")], { stdio: "inherit" });
const contestants = await contestantsOf();
const rows: Row[] = [];
for (const work of allCases().filter(({ op }) => values.only === undefined || op.startsWith(values.only))) {
  rows.push(...(await measureCase(work, contestants, { samples: Number(values.samples), sampleSeconds: 0.02 })));
  process.stderr.write(`${work.op} ${work.geometry.k}+${work.geometry.m} done\n`);
}
await Promise.all(contestants.map((contestant) => contestant.close()));

console.log(`${cpus()[0]?.model}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}\n`);
console.log(`${tableOf(rows)}\n\n${peerTableOf(rows)}\n\n${targetTableOf(rows)}`);
if (values.json) await writeRows(values.json, rows);
