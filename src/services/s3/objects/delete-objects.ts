import { element, optional, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import {
  type DeletionRefusal,
  type DeletionResult,
  deleteObjects as removeObjects,
  type Deletion as StoredDeletion,
} from "../../../store/delete/delete.ts";
import { hasBodyDigest, readBody } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import { translateStoreFailure } from "../errors/translate-store.ts";
import type { Handler } from "../handler.ts";
import { parseBypassGovernance } from "../lock/bypass-governance.ts";
import { type Deletion, parseDeleteList } from "./delete-list.ts";

/** A thousand keys of 1,024 bytes, each of which XML may write with six, and their elements. */
const BODY_MAX_BYTES = 8 * 1024 * 1024;

/**
 * DeleteObjects: up to 1,000 keys and versions, answered one by one. The body decides what is destroyed, so S3 insists on a
 * digest of it besides the signature.
 */
export const deleteObjects: Handler = async (call) => {
  if (!hasBodyDigest(call.headers)) {
    throw new S3Error("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  }
  const bypassGovernance = parseBypassGovernance(call.headers);
  const body = await readBody(call, BODY_MAX_BYTES);
  if (body.length === 0) throw new S3Error("MissingRequestBodyError");
  const { quiet, deletions } = parseDeleteList(body);
  const allowed = deletions.filter(({ refusal }) => refusal === null).map(storedDeletion);
  const request = { bucket: call.bucket, deletions: allowed, bypassGovernance };
  const results = (await removeObjects(call.store, request)).values();
  const answers = deletions.map((deletion) => {
    const refusal = deletion.refusal ?? null;
    if (refusal !== null) return errorElement(deletion, refusal);
    return answer(deletion, results.next().value as DeletionResult, quiet);
  });
  return { status: 200, body: xmlDocument("DeleteResult", answers) };
};

function storedDeletion({ key, versionId, condition }: Deletion): StoredDeletion {
  return { key, ...(versionId !== undefined && { versionId }), ...(condition && { condition }) };
}

function answer(deletion: Deletion, result: DeletionResult, quiet: boolean): Xml {
  const { key, versionId } = deletion;
  if (result.refusal !== null) return errorElement(deletion, refusalError(result.refusal, key));
  if (quiet) return NOTHING;
  const { deleteMarker, markerVersionId = deleteMarker ? versionId : undefined } = result;
  return element(
    "Deleted",
    element("Key", key),
    optional("VersionId", versionId),
    optional("DeleteMarker", deleteMarker || undefined),
    optional("DeleteMarkerVersionId", markerVersionId),
  );
}

const NOTHING = optional("Deleted", undefined);

/** The same errors as those of a DeleteObject. */
function refusalError(refusal: DeletionRefusal, key: string): S3Error {
  switch (refusal) {
    case "locked":
      return translateStoreFailure({ kind: "object-locked", key }, "POST");
    case "unmet":
      return translateStoreFailure({ kind: "precondition-failed", condition: "If-Match" }, "POST");
    case "absent":
      return translateStoreFailure({ kind: "precondition-no-such-key", key }, "POST");
  }
}

function errorElement({ key, versionId }: Deletion, error: { code: string; message: string }): Xml {
  return element(
    "Error",
    element("Key", key),
    optional("VersionId", versionId),
    element("Code", error.code),
    element("Message", error.message),
  );
}
