import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, versionedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const get = (where: { Bucket?: string; Key?: string; VersionId?: string }) =>
  client.send(new GetObjectTaggingCommand({ Bucket: "bucket", Key: "key", ...where }));

describe("GetObjectTagging", () => {
  it("answers tags as they were written", async () => {
    await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "x", Tagging: "b=1&a=%3D%20" }));
    const { status, text } = await sherd.raw({ path: "/bucket/key?tagging" });
    expect(status).toBe(200);
    expect(text).toContain(
      "<TagSet><Tag><Key>b</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>= </Value></Tag></TagSet>",
    );
    expect((await get({})).TagSet).toHaveLength(2);
  });

  it("answers an empty set where there are none", async () => {
    await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "plain", Body: "x" }));
    expect((await sherd.raw({ path: "/bucket/plain?tagging" })).text).toMatch(/<Tagging [^>]*><TagSet\/><\/Tagging>$/);
    const { TagSet, VersionId } = await get({ Key: "plain" });
    expect([TagSet, VersionId]).toEqual([[], undefined]);
  });

  it("answers for one version, and names it", async () => {
    const Bucket = "versions";
    await versionedBucket(client, Bucket);
    const write = async (Tagging: string) =>
      (await client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x", Tagging }))).VersionId ?? "";
    const [first, second] = [await write("n=1"), await write("n=2")];
    expect(await get({ Bucket })).toMatchObject({ TagSet: [{ Key: "n", Value: "2" }], VersionId: second });
    expect(await get({ Bucket, VersionId: first })).toMatchObject({ TagSet: [{ Value: "1" }], VersionId: first });
    const { VersionId: marker = "" } = await client.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
    for (const query of ["", `&versionId=${marker}`]) {
      const response = await sherd.raw({ path: `/${Bucket}/key?tagging${query}` });
      expect(errorElements(response)).toMatchObject({
        status: "405",
        Code: "MethodNotAllowed",
        Method: "GET",
        ResourceType: "DeleteMarker",
      });
      expect(response.headers["x-amz-delete-marker"]).toBe("true");
    }
  });

  it("refuses what does not exist", async () => {
    expect(await refusalOf(get({ Key: "absent" }))).toMatchObject({ status: 404, code: "NoSuchKey" });
    expect(await refusalOf(get({ VersionId: ABSENT_VERSION }))).toMatchObject({ status: 404, code: "NoSuchVersion" });
    expect(await refusalOf(get({ Bucket: "nobody" }))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
