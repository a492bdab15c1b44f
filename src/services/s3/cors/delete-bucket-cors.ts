import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketCors: also succeeds without rules. */
export const deleteBucketCors: Handler = async ({ store, bucket }) => {
  await setBucketConfiguration(store, bucket, { kind: "cors", value: null });
  return { status: 204 };
};
