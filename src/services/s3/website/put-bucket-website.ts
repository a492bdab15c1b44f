import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { parseWebsite, WEBSITE_SHAPE } from "./configuration.ts";

/** PutBucketWebsite: replaces the configuration that was there. */
export const putBucketWebsite: Handler = async (call) => {
  const value = parseWebsite(await readDocument(call, "WebsiteConfiguration", WEBSITE_SHAPE));
  await setBucketConfiguration(call.store, call.bucket, { kind: "website", value });
  return { status: 200 };
};
