import { setLockConfiguration } from "../../../store/buckets/object-lock.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { parseLockConfiguration } from "./configuration.ts";

/**
 * PutObjectLockConfiguration: what versions are locked with that bring no retention of their own. On a bucket without object
 * lock it turns it on, for good.
 */
export const putObjectLockConfiguration: Handler = async (call) => {
  const configuration = parseLockConfiguration(await readDocument(call, "ObjectLockConfiguration"));
  await setLockConfiguration(call.store, call.bucket, configuration);
  return { status: 200 };
};
