import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BucketFault, type FaultProxy, startFaultProxy } from "../test/support/fault-proxy.ts";
import { startServer, type TestServer } from "../test/support/server.ts";
import { damageShards, type ShardDamage } from "../test/support/shard-damage.ts";
import { BenchClient } from "./support/http-client.ts";
import { type ObjectRequest, signedRequest } from "./support/signed-request.ts";
import { median, pairedRatio } from "./support/statistics.ts";
import { formatMarkdown } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:degraded -- [options]

Reads an object from a Sherd two of whose six drives are lost, those with its first two data shards, beside one that is well.

  --json FILE     writes the rows
  --rounds N      rounds of each fault and size (default 9)
  --only FAULT    which fault; may be repeated`;

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "9" },
    only: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  },
});

const DAMAGES: readonly ShardDamage[] = ["deleted", "emptied", "truncated", "corrupted"];
const BUCKET_FAULTS: readonly BucketFault[] = ["hang", "error", "stall"];
const SIZES_BYTES = [1024 ** 2, 64 * 1024 ** 2];
const SIX = [1, 2, 3, 4, 5, 6];
const bucket = "degraded";
const key = "object";

interface Row {
  fault: string;
  sizeBytes: number;
  healthyMBps: number;
  degradedMBps: number;
  /** Middle of the rounds' own ratios. */
  ratio: number;
  /** The first read after the fault, which discovers it. */
  firstDegradedMs: number;
}

const client = new BenchClient();
const undo = new Undo();

async function main(): Promise<void> {
  undo.push(() => client.close());
  const rows: Row[] = [];
  const isWanted = (fault: string) => options.only.length === 0 || options.only.includes(fault);
  for (const sizeBytes of SIZES_BYTES) {
    for (const damage of DAMAGES.filter(isWanted)) rows.push(await onDisks(damage, sizeBytes));
    for (const fault of BUCKET_FAULTS.filter(isWanted)) rows.push(await onBuckets(fault, sizeBytes));
  }
  const cells = rows.map((row) => [
    row.fault,
    `${row.sizeBytes / 1024 ** 2} MiB`,
    row.healthyMBps.toFixed(0),
    row.degradedMBps.toFixed(0),
    row.ratio.toFixed(2),
    row.firstDegradedMs.toFixed(0),
  ]);
  console.log(formatMarkdown(["fault", "size", "healthy MB/s", "degraded MB/s", "ratio", "first ms"], cells));
  if (options.json) await writeRows(options.json, rows);
}

/** Local drives as `npm start` makes them. */
async function onDisks(damage: ShardDamage, sizeBytes: number): Promise<Row> {
  const body = randomBytes(sizeBytes);
  const [healthy, degraded] = [await start(), await start()];
  try {
    for (const server of [healthy, degraded]) await putObject(server, body);
    const drives = SIX.map((index) => join(degraded.dataDir, "drives", `drive-${index}`));
    let damagedDrives = 0;
    for (const drive of drives) {
      const names = await readdir(drive, { recursive: true });
      if (!names.some(isFirstOrSecondShard)) continue;
      assert.ok((await damageShards(drive, damage)) > 0);
      damagedDrives++;
    }
    assert.equal(damagedDrives, 2);
    return await measure(`disk, ${damage}`, { healthy, degraded, body });
  } finally {
    for (const server of [healthy, degraded]) await server.stop();
  }
}

/** Drives that are buckets of another Sherd, behind a proxy that makes two of them fail. */
async function onBuckets(fault: BucketFault, sizeBytes: number): Promise<Row> {
  const body = randomBytes(sizeBytes);
  const far = await start();
  const proxy = await startFaultProxy(far.endpoint);
  const nears: TestServer[] = [];
  try {
    for (const name of ["healthy", "degraded"]) nears.push(await startNear(far, proxy, name));
    const [healthy, degraded] = nears as [TestServer, TestServer];
    for (const near of nears) await putObject(near, body);
    for (const index of SIX) {
      const { text } = await client.expect(
        signedRequest(far, { method: "GET", bucket: `degraded-${index}`, query: "list-type=2" }),
      );
      if ([...text.matchAll(/<Key>([^<]*)</g)].some(([, name = ""]) => isFirstOrSecondShard(name))) {
        proxy.faults.set(`degraded-${index}`, fault);
      }
    }
    assert.equal(proxy.faults.size, 2);
    return await measure(`S3, ${fault}`, { healthy, degraded, body });
  } finally {
    for (const near of nears) await near.stop();
    await proxy.stop();
    await far.stop();
  }
}

async function startNear(far: TestServer, proxy: FaultProxy, name: string): Promise<TestServer> {
  const drives = SIX.map((index) => ({
    name: `${name}-${index}`,
    type: "s3",
    endpoint: proxy.endpoint,
    region: "us-east-1",
    bucket: `${name}-${index}`,
    accessKeyIdSecret: "SHERD_FAR_ID",
    secretAccessKeySecret: "SHERD_FAR_SECRET",
  }));
  for (const drive of drives) await client.expect(signedRequest(far, { method: "PUT", bucket: drive.bucket }));
  const secrets = { SHERD_FAR_ID: far.accessKeyId, SHERD_FAR_SECRET: far.secretAccessKey };
  return start({ SHERD_DRIVES: JSON.stringify(drives), ...secrets });
}

/** It is stopped after its measurement, and when the benchmark is interrupted. */
async function start(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startServer({ env });
  undo.push(() => server.stop());
  return server;
}

function isFirstOrSecondShard(name: string): boolean {
  return /-0[01]$/.test(name);
}

async function putObject(server: TestServer, body: Uint8Array): Promise<void> {
  await client.expect(signedRequest(server, { method: "PUT", bucket }));
  await client.expect(signedRequest(server, { method: "PUT", bucket, key, body }));
}

/** Reads from both in turn, comparing every byte. */
async function measure(
  fault: string,
  { healthy, degraded, body }: { healthy: TestServer; degraded: TestServer; body: Uint8Array },
): Promise<Row> {
  const request: ObjectRequest = { method: "GET", bucket, key };
  const readMs = async (server: TestServer) => (await client.expect(signedRequest(server, request), body)).ms;
  await readMs(healthy);
  const firstDegradedMs = await readMs(degraded);
  const [healthyMs, degradedMs]: [number[], number[]] = [[], []];
  const readsPerRound = body.length > 16 * 1024 ** 2 ? 1 : 15;
  for (let round = 0; round < Number(options.rounds); round++) {
    const ms = { healthy: 0, degraded: 0 };
    for (let read = 0; read < readsPerRound; read++) {
      ms.healthy += await readMs(healthy);
      ms.degraded += await readMs(degraded);
    }
    healthyMs.push(ms.healthy / readsPerRound);
    degradedMs.push(ms.degraded / readsPerRound);
  }
  const sizeBytes = body.length;
  const speed = (ms: number[]) => sizeBytes / 1000 / median(ms);
  const [healthyMBps, degradedMBps] = [speed(healthyMs), speed(degradedMs)];
  const row = {
    fault,
    sizeBytes,
    healthyMBps,
    degradedMBps,
    ratio: pairedRatio(healthyMs, degradedMs),
    firstDegradedMs,
  };
  process.stderr.write(`${fault}, ${sizeBytes} bytes: ${row.ratio.toFixed(2)}\n`);
  return row;
}

if (options.help) console.log(usage);
else await undo.after(main);
