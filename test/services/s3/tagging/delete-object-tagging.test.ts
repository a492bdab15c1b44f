import {
  CreateBucketCommand,
  DeleteObjectTaggingCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { refusalOf } from "../refusal.ts";
import { versionedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const put = (Bucket: string) => client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x", Tagging: "a=b" }));
const remove = (where: { Bucket?: string; Key?: string; VersionId?: string } = {}) =>
  client.send(new DeleteObjectTaggingCommand({ Bucket: "bucket", Key: "key", ...where }));
const tagsOf = async (where: { Bucket?: string; VersionId?: string } = {}) =>
  (await client.send(new GetObjectTaggingCommand({ Bucket: "bucket", Key: "key", ...where }))).TagSet;

describe("DeleteObjectTagging", () => {
  it("takes all tags, as often as it is asked", async () => {
    await put("bucket");
    for (let n = 0; n < 2; n++) {
      expect((await remove()).$metadata.httpStatusCode).toBe(204);
      expect(await tagsOf()).toEqual([]);
    }
  });

  it("takes those of one version", async () => {
    const Bucket = "versions";
    await versionedBucket(client, Bucket);
    const { VersionId = "" } = await put(Bucket);
    await put(Bucket);
    expect((await remove({ Bucket, VersionId })).VersionId).toBe(VersionId);
    expect(await tagsOf({ Bucket, VersionId })).toEqual([]);
    expect(await tagsOf({ Bucket })).toHaveLength(1);
  });

  it("refuses what does not exist", async () => {
    expect(await refusalOf(remove({ Key: "absent" }))).toMatchObject({ status: 404, code: "NoSuchKey" });
    expect(await refusalOf(remove({ Bucket: "nobody" }))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
