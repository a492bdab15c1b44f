import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, FOREIGN_VERSION, lockedBucket } from "../versioned.ts";

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

const RetainUntilDate = new Date(Date.UTC(2999, 0, 1));
const get = (where: { Bucket?: string; Key: string; VersionId?: string }) =>
  client.send(new GetObjectRetentionCommand({ Bucket: "locked", ...where }));

describe("GetObjectRetention", () => {
  it("answers the retention of the newest version, or of the one that is named", { tags: ["slow"] }, async () => {
    const retained = { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: RetainUntilDate } as const;
    const put = (lock: object) =>
      client.send(new PutObjectCommand({ Bucket: "locked", Key: "key", Body: "x", ...lock }));
    const { VersionId = "" } = await put(retained);
    const retention = { Mode: "GOVERNANCE", RetainUntilDate };
    expect((await get({ Key: "key" })).Retention).toEqual(retention);
    await put({});
    expect((await get({ Key: "key", VersionId })).Retention).toEqual(retention);
    expect(errorElements(await sherd.raw({ path: "/locked/key?retention" }))).toMatchObject({
      status: "404",
      Code: "NoSuchObjectLockConfiguration",
      Message: "The specified object does not have a ObjectLock configuration",
    });
  });

  it("finds none without object lock", async () => {
    for (const path of ["/plain/key?retention", "/plain/absent?retention"]) {
      expect(errorElements(await sherd.raw({ path }))).toMatchObject({
        status: "400",
        Code: "InvalidRequest",
        Message: "Bucket is missing Object Lock Configuration",
      });
    }
  });

  it("refuses what does not exist", async () => {
    expect((await refusalOf(get({ Key: "absent" }))).code).toBe("NoSuchKey");
    expect((await refusalOf(get({ Key: "key", VersionId: ABSENT_VERSION }))).code).toBe("NoSuchVersion");
    expect((await refusalOf(get({ Key: "key", VersionId: FOREIGN_VERSION }))).code).toBe("InvalidArgument");
    expect((await refusalOf(get({ Bucket: "nobody", Key: "key" }))).code).toBe("NoSuchBucket");
    await client.send(new DeleteObjectCommand({ Bucket: "locked", Key: "marked" }));
    expect(await refusalOf(get({ Key: "marked" }))).toMatchObject({ status: 405, code: "MethodNotAllowed" });
  });
});
