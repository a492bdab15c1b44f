import { deleteObjects as removeObjects } from "../../store/delete.ts";
import { S3Error } from "../error.ts";
import type { Handler } from "../handler.ts";
import { type Deletion, parseDeleteList } from "../objects/delete-list.ts";
import { hasBodyDigest, readBody } from "../objects/request-body.ts";
import { element, optional, type Xml, xmlDocument } from "../xml/write.ts";

/** A thousand keys of 1,024 bytes, each of which XML may write with six, and their elements. */
const BODY_MAX_BYTES = 8 * 1024 * 1024;

/**
 * DeleteObjects: up to 1,000 keys, answered one by one. The body decides what is destroyed, so S3 insists on a digest of it
 * besides the signature.
 */
export const deleteObjects: Handler = async (call) => {
  if (!hasBodyDigest(call.headers)) {
    throw new S3Error("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  }
  const { quiet, deletions } = parseDeleteList(await readBody(call, BODY_MAX_BYTES));
  const keys = new Set(deletions.filter(({ refusal }) => refusal === null).map(({ key }) => key));
  await removeObjects(call.store, { bucket: call.bucket, deletions: [...keys].map((key) => ({ key })) });
  const results = deletions.map((deletion) => answer(deletion, quiet)).filter((result) => result !== null);
  return { status: 200, body: xmlDocument("DeleteResult", results) };
};

function answer({ key, versionId, refusal }: Deletion, quiet: boolean): Xml | null {
  if (refusal === null) {
    return quiet ? null : element("Deleted", element("Key", key), optional("VersionId", versionId));
  }
  return element(
    "Error",
    element("Key", key),
    optional("VersionId", versionId),
    element("Code", refusal.code),
    element("Message", refusal.message),
  );
}
