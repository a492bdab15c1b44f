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

test.each([
  ["HEAD", ""],
  ["GET", ""],
  ["GET", "?list-type=2"],
  ["GET", "?versions"],
  ["GET", "?uploads"],
])("without a signature: 403 with the bucket's region, by which SDKs look for it: %s %s", async (method, query) => {
  const region = "eu-west-3";
  const client = sherd.client();
  const configuration = { LocationConstraint: region } as const;
  await client
    .send(new CreateBucketCommand({ Bucket: "elsewhere", CreateBucketConfiguration: configuration }))
    .catch(() => {});
  const { status, headers } = await sherd.raw({ method, path: `/elsewhere${query}`, anonymous: true });
  expect([status, headers["x-amz-bucket-region"]]).toEqual([403, region]);
  const absent = await sherd.raw({ method, path: `/absent${query}`, anonymous: true });
  expect(absent.headers["x-amz-bucket-region"]).toBeUndefined();
  const listed = await sherd.raw({ method, path: `/elsewhere${query}` });
  expect([listed.status, listed.headers["x-amz-bucket-region"]]).toEqual([200, region]);
});

test("a request of another kind that is denied does not look for the bucket", async () => {
  const { status, headers } = await sherd.raw({ method: "PUT", path: "/bucket/key", anonymous: true, body: "x" });
  expect([status, headers["x-amz-bucket-region"]]).toEqual([403, undefined]);
});
