import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DurabilityReport } from "../src/maintenance/census/durability.ts";
import { startServer, type TestServer } from "../test/support/server.ts";
import { BenchClient } from "./support/http-client.ts";
import { signedRequest, unsignedUpload } from "./support/signed-request.ts";
import { percentile } from "./support/statistics.ts";
import { formatMarkdown } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:heal -- [options]

Empties two of the six drives of npm start, and waits until it has found that by itself and healed them: how long
until it was found, how fast it was healed beside cp -r of the same bytes, and what that cost other clients' small reads.

  --json FILE     writes the row
  --blobs N       objects of 1 MB (default 10000: 16 GB of disk, and as much again for what is healed and copied)
  --processes N   as of npm start`;

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    blobs: { type: "string", default: "10000" },
    processes: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const BLOB_BYTES = 1_000_000;
const EMPTIED = ["drive-2", "drive-5"];
const bucket = "healing";
/** Between two small reads: clients that are busy with something else too. */
const READ_PAUSE_MS = 5;
/** How long small reads are timed before anything is lost. */
const BEFORE_MS = 15_000;
const PUTS_AT_ONCE = 4;

interface Row {
  blobs: number;
  foundSeconds: number;
  healedBytes: number;
  healSeconds: number;
  healMBps: number;
  cpMBps: number;
  healToCp: number;
  readP50BeforeMs: number;
  readP99BeforeMs: number;
  readP50MeanwhileMs: number;
  readP99MeanwhileMs: number;
  readP99Ratio: number;
  /** One client reads at a time: a standstill is one slow read, which no percentile shows. */
  readSlowestMeanwhileMs: number;
}

const client = new BenchClient();
const undo = new Undo();

async function main(): Promise<void> {
  undo.push(() => client.close());
  const blobs = Number(options.blobs);
  const args = options.processes === undefined ? [] : ["--processes", options.processes];
  const server = await startServer({ args: ["--quiet", ...args] });
  undo.push(() => server.stop());
  await fill(server, blobs);
  await until(server, ({ green }) => green, 600_000);
  const folders = EMPTIED.map((name) => join(server.dataDir, "drives", name));
  const healedBytes = await bytesIn(folders);
  const cpSeconds = await copySeconds(server, folders);
  const reads = new SmallReads(server);
  await reads.begin();
  await sleep(BEFORE_MS);
  const before = reads.take();
  const emptiedMs = performance.now();
  for (const folder of folders) {
    for (const entry of await readdir(folder)) await rm(join(folder, entry), { recursive: true });
  }
  while (EMPTIED.some((name) => !server.output().includes(`drive ${name} was emptied`))) await sleep(50);
  const foundMs = performance.now();
  reads.take();
  await until(server, ({ drives, backlog }) => backlog.damage.rows === 0 && drives.every(isQueued), 3_600_000);
  const healedMs = performance.now();
  // With the one that is under way: it may have waited for all of the healing.
  await reads.end();
  const meanwhile = reads.take();
  const healSeconds = (healedMs - foundMs) / 1000;
  const row: Row = {
    blobs,
    foundSeconds: (foundMs - emptiedMs) / 1000,
    healedBytes,
    healSeconds,
    healMBps: healedBytes / 1e6 / healSeconds,
    cpMBps: healedBytes / 1e6 / cpSeconds,
    healToCp: cpSeconds / healSeconds,
    readP50BeforeMs: percentile(before, 0.5),
    readP99BeforeMs: percentile(before, 0.99),
    readP50MeanwhileMs: percentile(meanwhile, 0.5),
    readP99MeanwhileMs: percentile(meanwhile, 0.99),
    readP99Ratio: percentile(meanwhile, 0.99) / percentile(before, 0.99),
    readSlowestMeanwhileMs: Math.max(...meanwhile),
  };
  const cells = Object.entries(row).map(([name, value]) => [name, Number(value.toPrecision(4)).toString()]);
  console.log(formatMarkdown(["two of six drives emptied", ""], cells));
  if (options.json) await writeRows(options.json, [row]);
}

function isQueued({ state, losses }: DurabilityReport["drives"][number]): boolean {
  return state === "ours" && losses.every(({ isQueued: queued }) => queued);
}

async function fill(server: TestServer, blobs: number): Promise<void> {
  await client.expect(signedRequest(server, { method: "PUT", bucket }));
  let next = 0;
  const putSome = async () => {
    while (next < blobs) {
      const key = `object-${next++}`;
      const body = randomBytes(BLOB_BYTES);
      await client.expect(unsignedUpload(server, { method: "PUT", bucket, key, body }));
    }
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, putSome));
}

async function bytesIn(folders: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
    }
  }
  return bytes;
}

/** Copies the folders to the same disk. */
async function copySeconds(server: TestServer, folders: readonly string[]): Promise<number> {
  const to = join(server.dataDir, "copied");
  const beganMs = performance.now();
  for (const [index, folder] of folders.entries()) execFileSync("cp", ["-r", folder, `${to}-${index}`]);
  const seconds = (performance.now() - beganMs) / 1000;
  for (const index of folders.keys()) await rm(`${to}-${index}`, { recursive: true });
  return seconds;
}

async function until(server: TestServer, isSo: (report: DurabilityReport) => boolean, msMax: number): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`).toString("base64")}`;
  for (const endMs = performance.now() + msMax; performance.now() < endMs; await sleep(500)) {
    const response = await fetch(`${server.endpoint}/-/durability`, { headers: { authorization } });
    if (isSo((await response.json()) as DurabilityReport)) return;
  }
  throw new Error("it did not come to be so in time");
}

/** Reads of bodies that lie in the metadata, and of small ones that lie on drives, one after the other. */
class SmallReads {
  readonly #server: TestServer;
  #ms: number[] = [];
  #isOver = false;
  #running: Promise<void> = Promise.resolve();

  constructor(server: TestServer) {
    this.#server = server;
  }

  async begin(): Promise<void> {
    const bodies = new Map([
      ["inline", randomBytes(10_000)],
      ["small", randomBytes(100_000)],
    ]);
    for (const [key, body] of bodies) {
      await client.expect(signedRequest(this.#server, { method: "PUT", bucket, key, body }));
    }
    this.#running = this.#read(bodies);
  }

  /** Milliseconds of each read since the last call. */
  take(): number[] {
    const ms = this.#ms;
    this.#ms = [];
    return ms;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #read(bodies: ReadonlyMap<string, Uint8Array>): Promise<void> {
    while (!this.#isOver) {
      for (const [key, body] of bodies) {
        const request = signedRequest(this.#server, { method: "GET", bucket, key });
        this.#ms.push((await client.expect(request, body)).ms);
        await sleep(READ_PAUSE_MS);
      }
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (options.help) console.log(usage);
else await undo.after(main);
