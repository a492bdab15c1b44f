import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DurabilityReport } from "../../src/maintenance/census/durability.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { pattern } from "../support/store.ts";

// Much is to be healed under a real server, slowly, because it is told to: the background jobs get a process of their own.

const Bucket = "backlog";
const OBJECTS = new Map(Array.from({ length: 40 }, (_, n) => [`object-${n}`, pattern(300_000, n + 1)]));
let server: TestServer;
let client: S3Client;
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sherd-test-"));
  // Leases last as long as a run and a little more; what cron begins is not waited for longer than it takes.
  const env = { SHERD_HEAL_BYTES_PER_SECOND: "800000", SHERD_RUN_SECONDS: "5", SHERD_CRON_SECONDS: "10" };
  server = await startServer({ dataDir, args: ["--processes", "1"], env });
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  for (const [Key, Body] of OBJECTS) await client.send(new PutObjectCommand({ Bucket, Key, Body }));
});
afterEach(async () => {
  client.destroy();
  await rm(dataDir, { recursive: true, maxRetries: 5 });
});

const authorization = () =>
  `Basic ${Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`).toString("base64")}`;

async function own(page: string, method = "GET"): Promise<string> {
  const headers = { authorization: authorization(), accept: "application/json", "x-sherd-confirm": "yes" };
  const response = await fetch(`${server.endpoint}/-/${page}`, { method, headers });
  expect([page, response.status]).toEqual([page, 200]);
  return response.text();
}

const report = async () => JSON.parse(await own("durability")) as DurabilityReport;
const folder = (name: string) => join(server.dataDir, "drives", name);

async function empty(...names: string[]): Promise<void> {
  for (const name of names) {
    for (const entry of await readdir(folder(name))) await rm(join(folder(name), entry), { recursive: true });
  }
}

/** Process id of the background jobs, which are noted beside those that the server was started with. */
async function jobsPid(): Promise<number | undefined> {
  const { workerdPids } = JSON.parse(await readFile(join(server.dataDir, "sherd.pid"), "utf8"));
  return workerdPids.find((pid: number) => !server.workerdPids.includes(pid));
}

async function untilJobsRun(): Promise<number> {
  await expect.poll(jobsPid, { timeout: 90_000, interval: 200 }).toBeDefined();
  return (await jobsPid()) as number;
}

it("heals in a process of its own, at a lower priority, which counts with the others and ends with its work", async () => {
  await expect.poll(async () => (await report()).green, { timeout: 70_000, interval: 500 }).toBe(true);
  await empty("drive-2", "drive-5");
  const pid = await untilJobsRun();
  await expect.poll(() => getPriority(pid), { timeout: 5_000 }).toBe(10);
  expect(await own("metrics")).toContain('sherd_process_resident_memory_bytes{process="jobs"}');
  await expect
    .poll(async () => (await report()).headline, { timeout: 90_000, interval: 500 })
    .toBe("every blob is at full redundancy");
  await expect.poll(jobsPid, { timeout: 30_000 }).toBeUndefined();
  const metrics = await own("metrics");
  expect(metrics).not.toContain('{process="jobs"}');
  const written = /sherd_drive_written_bytes_total\{drive="drive-2"\} (\d+)/.exec(metrics)?.[1];
  // What was put, and the same again.
  expect(Number(written)).toBeGreaterThanOrEqual(2 * OBJECTS.size * 75_000);
  await empty("drive-1", "drive-3");
  for (const [Key, bytes] of OBJECTS) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(Buffer.compare((await Body?.transformToByteArray()) as Uint8Array, bytes)).toBe(0);
  }
  expect(server.output()).not.toContain("job failed");
  expect(await server.stop()).toBe(0);
}, 300_000);

it("killed, it ends nothing else, and another one goes on when its leases are over", async () => {
  await expect.poll(async () => (await report()).green, { timeout: 70_000, interval: 500 }).toBe(true);
  await empty("drive-2", "drive-5");
  const first = await untilJobsRun();
  // It heals, so it has the leases.
  await expect.poll(() => readdir(folder("drive-2")), { timeout: 60_000, interval: 50 }).not.toEqual([]);
  process.kill(first, "SIGKILL");
  await expect.poll(() => server.output(), { timeout: 5_000 }).toContain("jobs was ended by SIGKILL");
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "object-7" }));
  expect((await Body?.transformToByteArray())?.length).toBe(300_000);
  await expect
    .poll(async () => (await report()).headline, { timeout: 300_000, interval: 1_000 })
    .toBe("every blob is at full redundancy");
  expect(await server.stop()).toBe(0);
}, 450_000);

it("ends with the server, at once, and leaves nothing", async () => {
  await expect.poll(async () => (await report()).green, { timeout: 70_000, interval: 500 }).toBe(true);
  await empty("drive-2", "drive-5");
  const pid = await untilJobsRun();
  const beganMs = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - beganMs).toBeLessThan(5_000);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  const names = await readdir(dataDir, { recursive: true });
  expect(names.filter((name) => name.endsWith(".tmp") || name === "sherd.pid")).toEqual([]);
}, 200_000);
