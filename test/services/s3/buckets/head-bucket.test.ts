import { CreateBucketCommand, HeadBucketCommand, waitUntilBucketExists } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failure, type Sherd, startSherd } from "../../../support/sherd.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd.stop());

test("a bucket and its region", async () => {
  const client = sherd.client();
  const head = await client.send(new HeadBucketCommand({ Bucket: "bucket" }));
  expect(head).toMatchObject({ BucketRegion: "us-east-1", AccessPointAlias: false });
  const waited = await waitUntilBucketExists({ client, minDelay: 1, maxWaitTime: 10 }, { Bucket: "bucket" });
  expect(waited.state).toBe("SUCCESS");
});

test("no bucket: 404 and no body", async () => {
  expect(await failure(sherd.client().send(new HeadBucketCommand({ Bucket: "absent" })))).toMatchObject({
    code: "NotFound",
    status: 404,
  });
  const { status, bytes, headers } = await sherd.raw({ method: "HEAD", path: "/absent" });
  expect([status, bytes.length]).toEqual([404, 0]);
  expect(headers["x-amz-request-id"]).toMatch(/^[0-9A-F]{16}$/);
});

test("a name that no bucket can have: 400", async () => {
  expect((await sherd.raw({ method: "HEAD", path: "/a" })).status).toBe(400);
});

test("without a signature: 403", async () => {
  expect((await sherd.raw({ method: "HEAD", path: "/bucket", anonymous: true })).status).toBe(403);
});
