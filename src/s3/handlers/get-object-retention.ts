import { readLock } from "../../store/amend.ts";
import { S3Error } from "../error.ts";
import type { Handler } from "../handler.ts";
import { retentionDocument } from "../lock/documents.ts";
import { versionOf } from "../objects/version-id.ts";

/** GetObjectRetention, also of one that is past. */
export const getObjectRetention: Handler = async ({ bucket, key, query, store }) => {
  const { retention } = await readLock(store, { bucket, key, ...versionOf(query) });
  if (retention === null) throw new S3Error("NoSuchObjectLockConfiguration", undefined, { Key: key });
  return { status: 200, body: retentionDocument(retention) };
};
