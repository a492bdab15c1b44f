import { setLifecycle } from "../../../store/buckets/lifecycle.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketLifecycle: also succeeds without rules. */
export const deleteBucketLifecycle: Handler = async ({ store, bucket }) => {
  await setLifecycle(store, bucket, null);
  return { status: 204 };
};
