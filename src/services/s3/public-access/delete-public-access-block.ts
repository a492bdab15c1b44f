import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeletePublicAccessBlock of a bucket: from then on only the account's block counts. */
export const deletePublicAccessBlock: Handler = async ({ store, bucket }) => {
  await setBucketAccess(store, bucket, { part: "block", value: "none" });
  return { status: 204 };
};
