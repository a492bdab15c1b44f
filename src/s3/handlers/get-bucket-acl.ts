import { headBucket } from "../../store/buckets.ts";
import { ownerFullControl } from "../acl/owner-full-control.ts";
import type { Handler } from "../handler.ts";

/** GetBucketAcl. */
export const getBucketAcl: Handler = async (call) => {
  await headBucket(call.store, call.bucket);
  return { status: 200, body: ownerFullControl(call) };
};
