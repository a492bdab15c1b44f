import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, type Sherd, startSherd } from "../../../support/sherd.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd.stop());

const notSet = [
  ["cors", "NoSuchCORSConfiguration"],
  ["encryption", "ServerSideEncryptionConfigurationNotFoundError"],
  ["policy", "NoSuchBucketPolicy"],
  ["policyStatus", "NoSuchBucketPolicy"],
  ["replication", "ReplicationConfigurationNotFoundError"],
  ["website", "NoSuchWebsiteConfiguration"],
  ["analytics&id=x", "NoSuchConfiguration"],
  ["intelligent-tiering&id=x", "NoSuchConfiguration"],
  ["inventory&id=x", "NoSuchConfiguration"],
  ["metrics&id=x", "NoSuchConfiguration"],
] as const;
const documents = [
  ["accelerate", "AccelerateConfiguration"],
  ["logging", "BucketLoggingStatus"],
  ["notification", "NotificationConfiguration"],
  ["requestPayment", "RequestPaymentConfiguration"],
  ["analytics", "ListBucketAnalyticsConfigurationResult"],
  ["intelligent-tiering", "ListBucketIntelligentTieringConfigurationsOutput"],
  ["inventory", "ListInventoryConfigurationsResult"],
  ["metrics", "ListMetricsConfigurationsResult"],
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
    for (const [subresource] of [...notSet, ...documents, ["acl"], ["ownershipControls"]]) {
      const { status, text } = await sherd.raw({ path: `/absent?${subresource}` });
      expect([status, elementText(text, "Code")]).toEqual([404, "NoSuchBucket"]);
    }
  });
});
