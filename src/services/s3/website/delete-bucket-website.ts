import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketWebsite: also succeeds without a configuration. */
export const deleteBucketWebsite: Handler = async ({ store, bucket }) => {
  await setBucketConfiguration(store, bucket, { kind: "website", value: null });
  return { status: 204 };
};
