import {
  CreateBucketCommand,
  DeleteBucketTaggingCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

describe("DeleteBucketTagging", () => {
  it("takes all tags, as often as it is asked", async () => {
    const Tagging = { TagSet: [{ Key: "a", Value: "b" }] };
    await client.send(new PutBucketTaggingCommand({ Bucket: "bucket", Tagging }));
    for (let n = 0; n < 2; n++) {
      const { $metadata } = await client.send(new DeleteBucketTaggingCommand({ Bucket: "bucket" }));
      expect($metadata.httpStatusCode).toBe(204);
      const tags = client.send(new GetBucketTaggingCommand({ Bucket: "bucket" }));
      expect((await refusalOf(tags)).code).toBe("NoSuchTagSet");
    }
  });

  it("refuses a bucket that does not exist", async () => {
    const absent = client.send(new DeleteBucketTaggingCommand({ Bucket: "nobody" }));
    expect(await refusalOf(absent)).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
