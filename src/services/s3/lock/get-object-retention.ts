import { readLock } from "../../../store/write/amend.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { retentionDocument } from "./documents.ts";

/** GetObjectRetention, also of one that has ended. */
export const getObjectRetention: Handler = async ({ bucket, key, query, store }) => {
  const lock = await readLock(store, { bucket, key, ...versionOf(query) });
  if (lock.retention === null) throw new S3Error("NoSuchObjectLockConfiguration", undefined, { Key: key });
  return { status: 200, body: retentionDocument(lock, store.clock.now()) };
};
