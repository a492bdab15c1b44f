import { setLifecycle } from "../../../store/buckets/lifecycle.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketLifecycle: that there were no rules is no error. */
export const deleteBucketLifecycle: Handler = async ({ store, bucket }) => {
  await setLifecycle(store, bucket, null);
  return { status: 204 };
};
