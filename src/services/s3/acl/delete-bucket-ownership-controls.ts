import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/**
 * DeleteBucketOwnershipControls: from then on ACLs count, as in buckets from before ownership
 * controls existed.
 */
export const deleteBucketOwnershipControls: Handler = async ({ store, bucket }) => {
  await setBucketAccess(store, bucket, { part: "ownership", value: "none" });
  return { status: 204 };
};
