import { headBucket } from "../../store/buckets.ts";
import type { Handler } from "../handler.ts";
import { optional, xmlDocument } from "../xml/write.ts";

const STATUS = { enabled: "Enabled", suspended: "Suspended" };

/** GetBucketVersioning: nothing is said of a bucket that never had versions. */
export const getBucketVersioning: Handler = async ({ bucket, store }) => {
  const { versioning } = await headBucket(store, bucket);
  const status = versioning === null ? undefined : STATUS[versioning];
  return { status: 200, body: xmlDocument("VersioningConfiguration", optional("Status", status)) };
};
