import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketTagging: that there were no tags is no error. */
export const deleteBucketTagging: Handler = async ({ bucket, store }) => {
  await setBucketConfiguration(store, bucket, { kind: "tagging", value: null });
  return { status: 204 };
};
