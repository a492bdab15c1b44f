import { CreateBucketCommand, GetObjectLegalHoldCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, lockedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await lockedBucket(client, "locked");
  await client.send(new CreateBucketCommand({ Bucket: "plain" }));
  await client.send(new PutObjectCommand({ Bucket: "plain", Key: "key", Body: "x" }));
});
afterAll(() => sherd?.stop());

const get = (where: { Bucket?: string; Key: string; VersionId?: string }) =>
  client.send(new GetObjectLegalHoldCommand({ Bucket: "locked", ...where }));

describe("GetObjectLegalHold", () => {
  it.each(["ON", "OFF"] as const)("answers %s", async (ObjectLockLegalHoldStatus) => {
    const put = new PutObjectCommand({ Bucket: "locked", Key: "key", Body: "x", ObjectLockLegalHoldStatus });
    const { VersionId = "" } = await client.send(put);
    await client.send(new PutObjectCommand({ Bucket: "locked", Key: "key", Body: "x" }));
    expect((await get({ Key: "key", VersionId })).LegalHold).toEqual({ Status: ObjectLockLegalHoldStatus });
  });

  it("finds none where nobody ever said anything", async () => {
    expect(errorElements(await sherd.raw({ path: "/locked/key?legal-hold" }))).toMatchObject({
      status: "404",
      Code: "NoSuchObjectLockConfiguration",
    });
  });

  it("finds none without object lock", async () => {
    expect(await refusalOf(get({ Bucket: "plain", Key: "key" }))).toEqual({
      status: 400,
      code: "InvalidRequest",
      message: "Bucket is missing Object Lock Configuration",
    });
  });

  it("refuses what does not exist", async () => {
    expect((await refusalOf(get({ Key: "absent" }))).code).toBe("NoSuchKey");
    expect((await refusalOf(get({ Key: "key", VersionId: ABSENT_VERSION }))).code).toBe("NoSuchVersion");
    expect((await refusalOf(get({ Bucket: "nobody", Key: "key" }))).code).toBe("NoSuchBucket");
  });
});
