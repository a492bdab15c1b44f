import { setLockConfiguration } from "../../../store/buckets/object-lock.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { parseLockConfiguration } from "./configuration.ts";

/**
 * PutObjectLockConfiguration: the default lock of versions without retention of their own. It
 * switches object lock on in a bucket without it, permanently.
 */
export const putObjectLockConfiguration: Handler = async (call) => {
  const configuration = parseLockConfiguration(await readDocument(call, "ObjectLockConfiguration"));
  await setLockConfiguration(call.store, call.bucket, configuration);
  return { status: 200 };
};
