import { replaceBucketTags } from "../../../store/buckets/bucket-tags.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketTagging: also succeeds without tags. */
export const deleteBucketTagging: Handler = async ({ bucket, store }) => {
  await replaceBucketTags(store, bucket, []);
  return { status: 204 };
};
