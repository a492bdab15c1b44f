import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BucketFault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { type Sherd, startSherd } from "../support/sherd.ts";
import { pattern } from "../support/store.ts";

// A Sherd whose six drives are six buckets of another Sherd, over HTTP and signed: the external S3 drive against a real server.

const BUCKETS = [1, 2, 3, 4, 5, 6].map((index) => `far-${index}`);
const LARGE = pattern(2_600_001, 41);
const SMALL = pattern(150_000, 42);
const Bucket = "near";

let far: Sherd;
let near: Sherd;
let proxy: FaultProxy;
let s3: S3Client;

beforeAll(async () => {
  far = await startSherd();
  for (const name of BUCKETS) await far.client().send(new CreateBucketCommand({ Bucket: name }));
  proxy = await startFaultProxy(far.endpoint);
  near = await startNear();
  s3 = near.client();
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "large", Body: LARGE }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "small", Body: SMALL }));
}, 120_000);
afterAll(async () => {
  await near?.stop();
  await proxy?.stop();
  await far?.stop();
});

async function startNear(): Promise<Sherd> {
  const drives = BUCKETS.map((bucket) => ({
    name: bucket,
    type: "s3",
    endpoint: proxy.endpoint,
    region: "us-east-1",
    bucket,
    prefix: "shards",
    accessKeyIdSecret: "SHERD_FAR_ID",
    secretAccessKeySecret: "SHERD_FAR_SECRET",
    // Three seconds of a stalled body are long enough, even on a busy machine.
    timeoutSeconds: 3,
  }));
  const secrets = { SHERD_FAR_ID: far.accessKeyId, SHERD_FAR_SECRET: far.secretAccessKey };
  return startSherd({ SHERD_DRIVES: JSON.stringify(drives), ...secrets });
}

async function get(client: S3Client, Key: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

async function expectAllRead(client: S3Client): Promise<void> {
  expect(Buffer.compare(await get(client, "large"), LARGE)).toBe(0);
  expect(Buffer.compare(await get(client, "small"), SMALL)).toBe(0);
}

test("what was put is there, and its shards lie in the six buckets", async () => {
  await expectAllRead(s3);
  for (const name of BUCKETS) {
    const { text } = await far.raw({ path: `/${name}?list-type=2&prefix=shards/` });
    expect(text).toContain("<Key>shards/");
  }
});

test("a multipart upload", async () => {
  const first = pattern(5 * 1024 * 1024, 43);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
  const Parts = [];
  for (const [index, Body] of [first, LARGE].entries()) {
    const part = { Bucket, Key: "parts", UploadId, PartNumber: index + 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body }));
    Parts.push({ ETag, PartNumber: index + 1 });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "parts", UploadId, MultipartUpload: { Parts } }));
  expect(Buffer.compare(await get(s3, "parts"), Buffer.concat([first, LARGE]))).toBe(0);
}, 60_000);

describe.each<BucketFault>(["hang", "error", "stall"])("buckets %s", (fault) => {
  /** A server that has put its objects while all was well, and remembers nothing of drives that failed. */
  async function withFaults(names: readonly string[], read: (client: S3Client) => Promise<void>): Promise<void> {
    const fresh = await startNear();
    try {
      const client = fresh.client();
      await client.send(new CreateBucketCommand({ Bucket }));
      await client.send(new PutObjectCommand({ Bucket, Key: "large", Body: LARGE }));
      await client.send(new PutObjectCommand({ Bucket, Key: "small", Body: SMALL }));
      for (const name of names) proxy.faults.set(name, fault);
      await read(client);
    } finally {
      proxy.faults.clear();
      await fresh.stop();
    }
  }

  test.each([
    ["far-1", "far-2"],
    ["far-3", "far-6"],
  ])("%s and %s: every byte is read", (...names) => withFaults(names, expectAllRead), 120_000);

  test("three of them: never a wrong byte, and an answer of 503 where none has left yet", async () => {
    await withFaults(BUCKETS.slice(0, 3), async (client) => {
      const outcome = await get(client, "large").catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(Error);
      if (fault !== "stall") expect(outcome).toMatchObject({ $metadata: { httpStatusCode: 503 } });
    });
  }, 120_000);
});
