import { optional, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import type { Handler } from "../handler.ts";

const STATUS = { enabled: "Enabled", suspended: "Suspended" };

/** GetBucketVersioning: an empty document for a bucket that never had versions. */
export const getBucketVersioning: Handler = async ({ bucket, store }) => {
  const { versioning } = await headBucket(store, bucket);
  const status = versioning === null ? undefined : STATUS[versioning];
  return { status: 200, body: xmlDocument("VersioningConfiguration", optional("Status", status)) };
};
