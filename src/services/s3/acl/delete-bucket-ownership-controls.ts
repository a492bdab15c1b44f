import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketOwnershipControls: ACLs count from then on, as in buckets from before there were ownership controls. */
export const deleteBucketOwnershipControls: Handler = async ({ store, bucket }) => {
  await setBucketAccess(store, bucket, { part: "ownership", value: "none" });
  return { status: 204 };
};
