import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketPolicy; also succeeds without a policy. */
export const deleteBucketPolicy: Handler = async ({ store, bucket }) => {
  await setBucketAccess(store, bucket, { part: "policy", value: null });
  return { status: 204 };
};
