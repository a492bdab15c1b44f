import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { isAbacEnabled } from "../../../store/buckets/bucket-tags.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import type { Handler } from "../handler.ts";

/** GetBucketAbac: whether the bucket's tags decide about access to it. */
export const getBucketAbac: Handler = async ({ bucket, store }) => {
  const status = isAbacEnabled(await headBucket(store, bucket)) ? "Enabled" : "Disabled";
  return { status: 200, body: xmlDocument("AbacStatus", element("Status", status)) };
};
