import { CreateBucketCommand, GetBucketAclCommand, GetObjectAclCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, type Sherd, startSherd } from "../../support/sherd.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: Buffer.from("x") }));
});
afterAll(() => sherd.stop());

const notSet = [
  ["cors", "NoSuchCORSConfiguration"],
  ["encryption", "ServerSideEncryptionConfigurationNotFoundError"],
  ["lifecycle", "NoSuchLifecycleConfiguration"],
  ["ownershipControls", "OwnershipControlsNotFoundError"],
  ["policy", "NoSuchBucketPolicy"],
  ["policyStatus", "NoSuchBucketPolicy"],
  ["publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"],
  ["replication", "ReplicationConfigurationNotFoundError"],
  ["website", "NoSuchWebsiteConfiguration"],
  ["inventory&id=x", "NoSuchConfiguration"],
] as const;
const documents = [
  ["accelerate", "AccelerateConfiguration"],
  ["logging", "BucketLoggingStatus"],
  ["notification", "NotificationConfiguration"],
  ["requestPayment", "RequestPaymentConfiguration"],
  ["inventory", "ListInventoryConfigurationsResult"],
] as const;

describe("a configuration that is not set", () => {
  test.each(notSet)("?%s answers %s", async (subresource, code) => {
    const { status, text } = await sherd.raw({ path: `/bucket?${subresource}` });
    expect([status, elementText(text, "Code")]).toEqual([404, code]);
  });

  test.each(documents)("?%s answers an empty %s", async (subresource, root) => {
    const { status, text } = await sherd.raw({ path: `/bucket?${subresource}` });
    expect([status, text.includes(`<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)]).toEqual([200, true]);
    expect(text).not.toContain("Status>Enabled");
  });

  test("none of a bucket that does not exist", async () => {
    for (const [subresource] of [...notSet, ...documents, ["acl"]]) {
      const { status, text } = await sherd.raw({ path: `/absent?${subresource}` });
      expect([status, elementText(text, "Code")]).toEqual([404, "NoSuchBucket"]);
    }
  });
});

test("ACLs say that the owner has full control", async () => {
  const client = sherd.client();
  const acl = {
    Owner: { DisplayName: "root" },
    Grants: [{ Grantee: { Type: "CanonicalUser", DisplayName: "root" }, Permission: "FULL_CONTROL" }],
  };
  expect(await client.send(new GetBucketAclCommand({ Bucket: "bucket" }))).toMatchObject(acl);
  expect(await client.send(new GetObjectAclCommand({ Bucket: "bucket", Key: "key" }))).toMatchObject(acl);
});

test("ACLs of objects that do not exist are none", async () => {
  expect(elementText((await sherd.raw({ path: "/bucket/absent?acl" })).text, "Code")).toBe("NoSuchKey");
});
