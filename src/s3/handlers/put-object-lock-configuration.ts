import { setLockConfiguration } from "../../store/object-lock.ts";
import type { Handler } from "../handler.ts";
import { parseLockConfiguration } from "../lock/configuration.ts";
import { readDocument } from "../objects/document.ts";

/**
 * PutObjectLockConfiguration: what versions are locked with that bring no retention of their own. On a bucket without object
 * lock it turns it on, for good.
 */
export const putObjectLockConfiguration: Handler = async (call) => {
  const configuration = parseLockConfiguration(await readDocument(call, "ObjectLockConfiguration"));
  await setLockConfiguration(call.store, call.bucket, configuration);
  return { status: 200 };
};
