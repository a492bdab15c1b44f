import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeleteBucketEncryption: new objects get the deployment's default encryption. */
export const deleteBucketEncryption: Handler = async ({ store, bucket }) => {
  await setBucketAccess(store, bucket, { part: "encryption", value: null });
  return { status: 204 };
};
