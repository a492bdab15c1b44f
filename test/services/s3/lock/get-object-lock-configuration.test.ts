import {
  GetObjectLockConfigurationCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { lockedBucket, versionedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
});
afterAll(() => sherd?.stop());

describe("GetObjectLockConfiguration", () => {
  it("says that there is object lock, and its rule", async () => {
    await lockedBucket(client, "locked");
    const { text } = await sherd.raw({ path: "/locked?object-lock" });
    expect(text).toMatch(/<ObjectLockConfiguration [^>]*><ObjectLockEnabled>Enabled<\/ObjectLockEnabled><\/Obj/);
    const Rule = { DefaultRetention: { Mode: "COMPLIANCE", Years: 1 } } as const;
    const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule } as const;
    await client.send(new PutObjectLockConfigurationCommand({ Bucket: "locked", ObjectLockConfiguration }));
    const got = await client.send(new GetObjectLockConfigurationCommand({ Bucket: "locked" }));
    expect(got.ObjectLockConfiguration).toEqual(ObjectLockConfiguration);
  });

  it("finds none where there is no object lock", async () => {
    await versionedBucket(client, "versions");
    expect(errorElements(await sherd.raw({ path: "/versions?object-lock" }))).toMatchObject({
      status: "404",
      Code: "ObjectLockConfigurationNotFoundError",
      BucketName: "versions",
    });
  });

  it("refuses a bucket that does not exist", async () => {
    const absent = client.send(new GetObjectLockConfigurationCommand({ Bucket: "nobody" }));
    expect(await refusalOf(absent)).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
