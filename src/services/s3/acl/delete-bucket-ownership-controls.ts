import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketOwnershipControls: they are answered as not set from now on; ACLs stay refused. */
export const deleteBucketOwnershipControls: Handler = async ({ store, bucket }) => {
  await setBucketConfiguration(store, bucket, { kind: "ownershipControlsRemoved", value: true });
  return { status: 204 };
};
