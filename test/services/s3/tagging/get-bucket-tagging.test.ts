import {
  CreateBucketCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

describe("GetBucketTagging", () => {
  it("finds no set where there are no tags", async () => {
    expect(errorElements(await sherd.raw({ path: "/bucket?tagging" }))).toMatchObject({
      status: "404",
      Code: "NoSuchTagSet",
      BucketName: "bucket",
    });
  });

  it("answers the tags as they were set", async () => {
    const TagSet = [
      { Key: "b", Value: "ä = b" },
      { Key: "a", Value: "" },
    ];
    await client.send(new PutBucketTaggingCommand({ Bucket: "bucket", Tagging: { TagSet } }));
    expect((await client.send(new GetBucketTaggingCommand({ Bucket: "bucket" }))).TagSet).toEqual(TagSet);
  });

  it("refuses a bucket that does not exist", async () => {
    const absent = client.send(new GetBucketTaggingCommand({ Bucket: "nobody" }));
    expect(await refusalOf(absent)).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
