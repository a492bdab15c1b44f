import { readBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { type WebsiteConfiguration, websiteDocument } from "./configuration.ts";

/** GetBucketWebsite. */
export const getBucketWebsite: Handler = async ({ store, bucket }) => {
  // Only PutBucketWebsite writes it.
  const website = (await readBucketConfiguration(store, bucket, "website")) as WebsiteConfiguration | null;
  if (website === null) throw new S3Error("NoSuchWebsiteConfiguration", undefined, { BucketName: bucket });
  return { status: 200, body: websiteDocument(website) };
};
