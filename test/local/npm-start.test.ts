import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLauncher, startServer } from "../support/server.ts";

// The main path of `npm start`; start.slow.test.ts has every refusal, signal and death of a process.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterAll(() => rm(folder, { recursive: true, maxRetries: 5 }));

test("a start serves, an end leaves nothing running, and the next start has keys and objects", async () => {
  const dataDir = join(folder, "data");
  const [Bucket, Key, Body] = ["bucket", "key", "kept over a restart"];
  const first = await startServer({ dataDir });
  const clientOf = ({ endpoint, accessKeyId, secretAccessKey }: typeof first) =>
    new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
  const client = clientOf(first);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  client.destroy();
  expect(await first.stop()).toBe(0);
  await expect(stat(join(dataDir, "sherd.pid"))).rejects.toThrow(/ENOENT/);

  const second = await startServer({ dataDir });
  const again = clientOf(second);
  const got = await again.send(new GetObjectCommand({ Bucket, Key }));
  expect(await got.Body?.transformToString()).toBe(Body);
  again.destroy();
  expect(await second.stop()).toBe(0);
});

test("a configuration that cannot be used is refused in one line, with 1", async () => {
  const args = ["--port", "0", "--data", join(folder, "refused")];
  const refused = await runLauncher(args, { SHERD_STORAGE_CLASSES: "STANDARD=8+4" });
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/^sherd: the configuration cannot be used: .*needs 12 drives.*\n$/);
});
