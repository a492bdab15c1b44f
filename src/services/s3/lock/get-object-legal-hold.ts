import { readLock } from "../../../store/write/amend.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { legalHoldDocument } from "./documents.ts";

/** GetObjectLegalHold; refused if none was ever set. */
export const getObjectLegalHold: Handler = async ({ bucket, key, query, store }) => {
  const { legalHold } = await readLock(store, { bucket, key, ...versionOf(query) });
  if (legalHold === null) throw new S3Error("NoSuchObjectLockConfiguration", undefined, { Key: key });
  return { status: 200, body: legalHoldDocument(legalHold) };
};
