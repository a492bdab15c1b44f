import { headBucket } from "../../../store/buckets/buckets.ts";
import type { Handler } from "../handler.ts";
import { ownerFullControl } from "./owner-full-control.ts";

/** GetBucketAcl. */
export const getBucketAcl: Handler = async (call) => {
  await headBucket(call.store, call.bucket);
  return { status: 200, body: ownerFullControl(call) };
};
