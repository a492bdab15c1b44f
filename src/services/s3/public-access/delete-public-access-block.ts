import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeletePublicAccessBlock of a bucket: nothing is blocked from then on but what its account blocks. */
export const deletePublicAccessBlock: Handler = async ({ store, bucket }) => {
  await setBucketAccess(store, bucket, { part: "block", value: "none" });
  return { status: 204 };
};
