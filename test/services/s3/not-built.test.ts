import { CreateBucketCommand, PutBucketAccelerateConfigurationCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../support/sherd.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd.stop());

describe("operations that are not built", () => {
  test.each([
    [
      new PutBucketAccelerateConfigurationCommand({ Bucket: "bucket", AccelerateConfiguration: {} }),
      "PutBucketAccelerateConfiguration",
    ],
  ] as const)("are answered 501 by name", async (command, name) => {
    const refused = await failure(sherd.client().send(command as PutBucketAccelerateConfigurationCommand));
    expect(refused).toEqual({ code: "NotImplemented", status: 501, message: `${name} is not implemented` });
  });
});

describe("features that are not built leave nothing behind", () => {
  test("an unknown subresource writes no object", async () => {
    const { status, text } = await sherd.raw({ method: "PUT", path: "/bucket/k?newFeature", body: "x" });
    expect([status, elementText(text, "Code"), elementText(text, "Subresource")]).toEqual([
      501,
      "NotImplemented",
      "newFeature",
    ]);
    expect((await sherd.raw({ method: "HEAD", path: "/bucket/k" })).status).toBe(404);
  });
});
