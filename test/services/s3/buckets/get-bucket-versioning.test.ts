import { CreateBucketCommand, GetBucketVersioningCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { setVersioning } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

describe("GetBucketVersioning", () => {
  it("says nothing of a bucket that never had versions", async () => {
    const { status, text } = await sherd.raw({ path: "/bucket?versioning" });
    expect(status).toBe(200);
    expect(text).toMatch(/<VersioningConfiguration xmlns="http:\/\/s3[^"]*"><\/VersioningConfiguration>$/);
  });

  it.each(["Enabled", "Suspended"] as const)("says %s", async (status) => {
    await setVersioning(client, "bucket", status);
    const answer = await client.send(new GetBucketVersioningCommand({ Bucket: "bucket" }));
    expect([answer.Status, answer.MFADelete]).toEqual([status, undefined]);
  });

  it("names a bucket that does not exist", async () => {
    const absent = client.send(new GetBucketVersioningCommand({ Bucket: "nobody" }));
    expect(await refusalOf(absent)).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });

  it("takes no version id", async () => {
    const response = await sherd.raw({ path: "/bucket?versioning&versionId=null" });
    expect(errorElements(response)).toMatchObject({
      status: "400",
      Code: "InvalidArgument",
      Message: "This operation does not accept a version-id.",
    });
  });
});
