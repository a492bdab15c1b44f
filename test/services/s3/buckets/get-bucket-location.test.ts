import { CreateBucketCommand, GetBucketLocationCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failure, type Sherd, startSherd } from "../../../support/sherd.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
});
afterAll(() => sherd.stop());

test("us-east-1 is written as nothing", async () => {
  await sherd.client().send(new CreateBucketCommand({ Bucket: "bucket" }));
  const { text } = await sherd.raw({ path: "/bucket?location" });
  expect(text).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>',
  );
});

test("no bucket: NoSuchBucket", async () => {
  const refused = await failure(sherd.client().send(new GetBucketLocationCommand({ Bucket: "absent" })));
  expect(refused).toMatchObject({ code: "NoSuchBucket", status: 404 });
});
