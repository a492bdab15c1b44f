import { deepStrictEqual } from "node:assert";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type Sherd, startSherd } from "../support/sherd.ts";
import { contract } from "./contract.ts";
import { streamCases } from "./stream-cases.ts";
import { type DriveWorker, startDriveWorker } from "./support/start-worker.ts";

let worker: DriveWorker;
beforeAll(async () => {
  worker = await startDriveWorker();
}, 60_000);
afterAll(() => worker.stop());

async function run(suite: string, name: string): Promise<void> {
  await worker.run(suite, name);
  deepStrictEqual(worker.complaints(), []);
}

describe.each(["disk", "r2", "kv", "s3"])("%s drive in workerd", (drive) => {
  test.each(contract)("$name", ({ name }) => run(drive, name));
});

describe("S3 drive at a second Sherd", () => {
  let sherd: Sherd;
  beforeAll(async () => {
    sherd = await startSherd();
    await sherd.client().send(new CreateBucketCommand({ Bucket: "elsewhere" }));
  }, 60_000);
  afterAll(() => sherd.stop());

  test.each(contract)("$name", async ({ name }) => {
    const { endpoint, accessKeyId: id, secretAccessKey: secret } = sherd;
    await worker.run("sherd", name, { endpoint, id, secret });
    deepStrictEqual(worker.complaints(), []);
  });
});

describe("a streamed put in workerd", () => {
  test.each(streamCases)("$name", ({ name }) => run("streams", name));
});
