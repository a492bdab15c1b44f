import { readLockConfiguration } from "../../../store/buckets/object-lock.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { lockConfigurationDocument } from "./configuration.ts";

/** GetObjectLockConfiguration. */
export const getObjectLockConfiguration: Handler = async ({ bucket, store }) => {
  const configuration = await readLockConfiguration(store, bucket);
  if (configuration === null) {
    throw new S3Error("ObjectLockConfigurationNotFoundError", undefined, { BucketName: bucket });
  }
  return { status: 200, body: lockConfigurationDocument(configuration) };
};
