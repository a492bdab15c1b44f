import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectLegalHoldCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { lockedBucket } from "../versioned.ts";

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

interface Where {
  Bucket?: string;
  Key: string;
  VersionId?: string;
}
const write = async (Key: string) =>
  (await client.send(new PutObjectCommand({ Bucket: "locked", Key, Body: "x" }))).VersionId ?? "";
const hold = (where: Where, Status: "ON" | "OFF") =>
  client.send(new PutObjectLegalHoldCommand({ Bucket: "locked", LegalHold: { Status }, ...where }));
const get = async (where: Where) =>
  (await client.send(new GetObjectLegalHoldCommand({ Bucket: "locked", ...where }))).LegalHold?.Status;
const remove = (where: Where) =>
  client.send(new DeleteObjectCommand({ Bucket: "locked", ...where, BypassGovernanceRetention: true }));

describe("PutObjectLegalHold", () => {
  it("holds a version until it is lifted, and GetObjectLegalHold and HeadObject say so", async () => {
    const where = { Key: "key", VersionId: await write("key") };
    for (const status of ["ON", "OFF", "ON"] as const) {
      await hold({ Key: "key" }, status);
      expect(await get(where)).toBe(status);
      const head = await client.send(new HeadObjectCommand({ Bucket: "locked", Key: "key" }));
      expect(head.ObjectLockLegalHoldStatus).toBe(status);
    }
    expect(await refusalOf(remove(where))).toMatchObject({ status: 403, code: "AccessDenied" });
    await hold(where, "OFF");
    await remove(where);
    expect((await refusalOf(get(where))).code).toBe("NoSuchVersion");
  });

  it("holds back one of a list, and lets the others go", async () => {
    const [held, free] = [await write("held"), await write("free")];
    await hold({ Key: "held" }, "ON");
    const Objects = [{ Key: "held", VersionId: held }, { Key: "free", VersionId: free }, { Key: "held" }];
    const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket: "locked", Delete: { Objects } }));
    expect(Deleted?.map(({ Key, DeleteMarker = false }) => [Key, DeleteMarker])).toEqual([
      ["free", false],
      ["held", true],
    ]);
    expect(Errors).toEqual([
      {
        Key: "held",
        VersionId: held,
        Code: "AccessDenied",
        Message: "Access Denied because object protected by object lock.",
      },
    ]);
    expect(await get({ Key: "held", VersionId: held })).toBe("ON");
  });

  it.each([
    ["another status", "<LegalHold><Status>on</Status></LegalHold>", "MalformedXML"],
    ["no status", "<LegalHold/>", "MalformedXML"],
    ["another root", "<Hold><Status>ON</Status></Hold>", "MalformedXML"],
    ["no body", "", "MissingRequestBodyError"],
  ])("refuses %s", async (_, body, code) => {
    await write("unchanged");
    const response = await sherd.raw({ method: "PUT", path: "/locked/unchanged?legal-hold", body });
    expect(errorElements(response)).toMatchObject({ status: "400", Code: code });
    expect((await refusalOf(get({ Key: "unchanged" }))).code).toBe("NoSuchObjectLockConfiguration");
  });

  it("refuses what does not exist, or cannot be held", async () => {
    expect((await refusalOf(hold({ Key: "absent" }, "ON"))).code).toBe("NoSuchKey");
    expect((await refusalOf(hold({ Bucket: "nobody", Key: "key" }, "ON"))).code).toBe("NoSuchBucket");
    expect(await refusalOf(hold({ Bucket: "plain", Key: "key" }, "OFF"))).toEqual({
      status: 400,
      code: "InvalidRequest",
      message: "Bucket is missing Object Lock Configuration",
    });
  });
});
