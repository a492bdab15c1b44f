import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../support/server.ts";
import { type Sherd, startSherd } from "../support/sherd.ts";
import { pattern } from "../support/store.ts";

// Six drives at one provider, another Sherd, which is killed under load and comes back with all that it had.

const BUCKETS = [1, 2, 3, 4, 5, 6].map((index) => `far-${index}`);
const Bucket = "near";
const LARGE = pattern(24_000_001, 11);
const SMALL = pattern(120_000, 12);
/** Long enough that breakers open, suspicions double and clients give up. */
const AWAY_MS = 12_000;
let dataDir: string;
let far: TestServer;
let near: Sherd;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sherd-test-"));
  far = await startServer({ dataDir, args: ["--processes", "1"] });
  const { endpoint, accessKeyId, secretAccessKey } = far;
  const client = new S3Client({
    ...{ endpoint, region: "us-east-1", forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
  });
  for (const name of BUCKETS) await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  const drives = BUCKETS.map((bucket) => ({
    ...{ name: bucket, type: "s3", endpoint, region: "us-east-1", bucket, prefix: "shards" },
    ...{ accessKeyIdSecret: "SHERD_FAR_ID", secretAccessKeySecret: "SHERD_FAR_SECRET" },
  }));
  const secrets = { SHERD_FAR_ID: accessKeyId, SHERD_FAR_SECRET: secretAccessKey };
  near = await startSherd({ SHERD_DRIVES: JSON.stringify(drives), ...secrets });
});
afterAll(async () => {
  await near?.stop();
  await far?.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

async function get(client: S3Client, Key: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

test("what was out of reach is read by the first request after the provider is back", async () => {
  const client = near.client();
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: "large", Body: LARGE }));
  await client.send(new PutObjectCommand({ Bucket, Key: "small", Body: SMALL }));
  let isOver = false;
  const outcomes: string[] = [];
  const load = ["large", "large", "small", "large"].map(async (key) => {
    while (!isOver) {
      await get(client, key).then(
        () => outcomes.push("read"),
        (error: { name: string }) => outcomes.push(error.name),
      );
    }
  });
  await expect.poll(() => outcomes.length, { timeout: 30_000 }).toBeGreaterThan(8);
  const port = Number(new URL(far.endpoint).port);
  await far.kill();
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  isOver = true;
  await Promise.all(load);
  expect(new Set(outcomes).size).toBeGreaterThan(1);
  await expect(get(client, "small")).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
  far = await startServer({ dataDir, port, args: ["--processes", "1"] });
  expect(Buffer.compare(await get(client, "large"), LARGE)).toBe(0);
  expect(Buffer.compare(await get(client, "small"), SMALL)).toBe(0);
  expect(near.log.filter((line) => line.includes("wrong"))).toEqual([]);
}, 180_000);
