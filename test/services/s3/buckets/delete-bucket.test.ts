import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  waitUntilBucketNotExists,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failure, type Sherd, startSherd } from "../../../support/sherd.ts";
import { versionedBucket } from "../versioned.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
});
afterAll(() => sherd.stop());

test("an empty bucket goes, with 204", async () => {
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  const { $metadata } = await client.send(new DeleteBucketCommand({ Bucket: "bucket" }));
  expect($metadata.httpStatusCode).toBe(204);
  expect((await waitUntilBucketNotExists({ client, minDelay: 1, maxWaitTime: 10 }, { Bucket: "bucket" })).state).toBe(
    "SUCCESS",
  );
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});

test("a bucket with an object stays", async () => {
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "full" }));
  await client.send(new PutObjectCommand({ Bucket: "full", Key: "key", Body: "x" }));
  const refused = await failure(client.send(new DeleteBucketCommand({ Bucket: "full" })));
  expect(refused).toMatchObject({ code: "BucketNotEmpty", status: 409 });
  await client.send(new DeleteObjectCommand({ Bucket: "full", Key: "key" }));
  await client.send(new DeleteBucketCommand({ Bucket: "full" }));
});

test("a bucket with versions or delete markers stays", async () => {
  const client = sherd.client();
  await versionedBucket(client, "versions");
  const target = { Bucket: "versions", Key: "key" };
  const { VersionId } = await client.send(new PutObjectCommand({ ...target, Body: "x" }));
  const { VersionId: marker } = await client.send(new DeleteObjectCommand(target));
  const remove = () => client.send(new DeleteBucketCommand({ Bucket: "versions" }));
  for (const id of [VersionId, marker]) {
    expect(await failure(remove())).toEqual({
      code: "BucketNotEmpty",
      status: 409,
      message: "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
    });
    await client.send(new DeleteObjectCommand({ ...target, VersionId: id }));
  }
  await remove();
});

test("unfinished uploads do not keep a bucket", async () => {
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "uploading" }));
  await client.send(new CreateMultipartUploadCommand({ Bucket: "uploading", Key: "key" }));
  await client.send(new DeleteBucketCommand({ Bucket: "uploading" }));
});

test("no bucket: NoSuchBucket", async () => {
  const refused = await failure(sherd.client().send(new DeleteBucketCommand({ Bucket: "absent" })));
  expect(refused).toMatchObject({ code: "NoSuchBucket", status: 404 });
});
