import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DurabilityReport } from "../../src/maintenance/census/durability.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { pattern } from "../support/store.ts";

// Whole drives are lost under a real server, by folders that are emptied, swapped, hidden and put back.

const Bucket = "gone";
const OBJECTS = new Map(Array.from({ length: 6 }, (_, n) => [`object-${n}`, pattern(1_000_000, n + 1)]));
let server: TestServer;
let client: S3Client;

beforeEach(async () => {
  server = await startServer({ args: ["--processes", "1"] });
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  for (const [Key, Body] of OBJECTS) await client.send(new PutObjectCommand({ Bucket, Key, Body }));
});
afterEach(async () => {
  client.destroy();
  await server.stop();
});

async function own<Answer>(method: string, page: string): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`).toString("base64")}`;
  const headers = { authorization, "x-sherd-confirm": "yes" };
  const response = await fetch(`${server.endpoint}/-/${page}`, { method, headers });
  expect([page, response.status]).toEqual([page, 200]);
  return (await response.json()) as Answer;
}

const run = () => own("POST", "run");
const report = () => own<DurabilityReport>("GET", "durability");

async function untilGreen(): Promise<DurabilityReport> {
  for (let runs = 0; runs < 30; runs++) {
    await run();
    const now = await report();
    if (now.green) return now;
  }
  throw new Error(`not green: ${(await report()).headline}`);
}

const folder = (name: string) => join(server.dataDir, "drives", name);

async function empty(...names: string[]): Promise<void> {
  for (const name of names) {
    for (const entry of await readdir(folder(name))) await rm(join(folder(name), entry), { recursive: true });
  }
}

async function read(key: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
  return (await Body?.transformToByteArray()) as Uint8Array;
}

async function expectAll(): Promise<void> {
  for (const [key, bytes] of OBJECTS) expect([key, Buffer.compare(await read(key), bytes)]).toEqual([key, 0]);
}

it("three of six emptied: never green again, each named, and why each read fails is on the line", async () => {
  await untilGreen();
  await empty("drive-1", "drive-2", "drive-5");
  // Nobody has read anything yet.
  expect(await report()).toMatchObject({ green: false, light: "red" });
  for (const key of OBJECTS.keys()) await expect(read(key)).rejects.toThrow("Too few drives answer: 3 of the 4 needed");
  const refusals = () => server.output().match(/.*too few drives answer, 3 of the 4 needed.*/g) ?? [];
  await expect.poll(() => refusals().length, { timeout: 10_000 }).toBe(6);
  for (const line of refusals()) for (const n of [1, 2, 5]) expect(line).toContain(`drive-${n}: shard absent`);
  await run();
  const { green, light, troubles, backlog, drives } = await report();
  expect({ green, light }).toEqual({ green: false, light: "red" });
  expect(troubles[0]?.sentence).toContain("6 blobs cannot be read as far as is known");
  expect(backlog.damage.rows).toBe(18);
  expect(drives.filter(({ losses }) => losses.length > 0).map(({ name }) => name)).toEqual([
    "drive-1",
    "drive-2",
    "drive-5",
  ]);
  for (const name of ["drive-1", "drive-2", "drive-5"]) expect(server.output()).toContain(`drive ${name} was emptied`);
});

it("two of six emptied: healed without a read, so that two others may go after them", async () => {
  await untilGreen();
  await empty("drive-2", "drive-5");
  expect((await report()).light).toBe("yellow");
  await run();
  await untilGreen();
  await empty("drive-1", "drive-3");
  expect((await report()).green).toBe(false);
  await expectAll();
  await untilGreen();
  await expectAll();
});

it("two that lie in each other's place are named, and nothing on them is deleted", async () => {
  await untilGreen();
  await exchange("drive-3", "drive-4");
  await run();
  const swapped = await report();
  expect(swapped.drives.filter(({ state }) => state === "swapped").map(({ name }) => name)).toEqual([
    "drive-3",
    "drive-4",
  ]);
  expect(swapped.headline).toContain(
    "in the place of drive drive-3 lies drive drive-4: put each drive in its own place",
  );
  await expectAll();
  await exchange("drive-3", "drive-4");
  await untilGreen();
  await expectAll();
});

it("one that was hidden, and healed meanwhile, is an older copy of itself when it is back", async () => {
  await untilGreen();
  await exchange("drive-6", "hidden");
  await untilGreen();
  await client.send(new PutObjectCommand({ Bucket, Key: "later", Body: pattern(900_000, 9) }));
  await rm(folder("drive-6"), { recursive: true });
  await rename(folder("hidden"), folder("drive-6"));
  expect((await report()).drives.find(({ name }) => name === "drive-6")?.state).toBe("older");
  await untilGreen();
  expect(server.output()).toContain("drive drive-6 is an older copy of itself");
  await empty("drive-1", "drive-2");
  await expectAll();
  expect(Buffer.compare(await read("later"), pattern(900_000, 9))).toBe(0);
});

/** Exchanges what two folders hold, as `mv` would; a folder that is not there counts as empty. */
async function exchange(a: string, b: string): Promise<void> {
  await mkdir(folder(b), { recursive: true });
  const entries = { a: await readdir(folder(a)), b: await readdir(folder(b)) };
  const aside = join(server.dataDir, "aside");
  await mkdir(aside);
  for (const entry of entries.a) await rename(join(folder(a), entry), join(aside, entry));
  for (const entry of entries.b) await rename(join(folder(b), entry), join(folder(a), entry));
  for (const entry of entries.a) await rename(join(aside, entry), join(folder(b), entry));
  await rm(aside, { recursive: true });
}
