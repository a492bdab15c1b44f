import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketPolicy; without one it succeeds too. */
export const deleteBucketPolicy: Handler = async ({ store, bucket }) => {
  await setBucketAccess(store, bucket, { part: "policy", value: null });
  return { status: 204 };
};
