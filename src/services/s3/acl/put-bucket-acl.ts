import { headBucket } from "../../../store/buckets/buckets.ts";
import type { Handler } from "../handler.ts";
import { requireOwnerFullControl } from "./owner-full-control.ts";

/** PutBucketAcl: only the ACL that the bucket has anyway, so that nothing needs to be kept. */
export const putBucketAcl: Handler = async (call) => {
  await requireOwnerFullControl(call);
  await headBucket(call.store, call.bucket);
  return { status: 200 };
};
