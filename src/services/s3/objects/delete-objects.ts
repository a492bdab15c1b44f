import { element, optional, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import {
  type DeletionRefusal,
  type DeletionResult,
  deleteObjects as removeObjects,
  type Deletion as StoredDeletion,
} from "../../../store/delete/delete.ts";
import type { Bucket } from "../../../store/types.ts";
import { hasBodyDigest, readBody } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import { translateStoreFailure } from "../errors/translate-store.ts";
import { bypassAsks } from "../gate/ask.ts";
import type { Call, Handler } from "../handler.ts";
import { parseBypassGovernance } from "../lock/bypass-governance.ts";
import { deleteAsks } from "./asks.ts";
import { type Deletion, parseDeleteList } from "./delete-list.ts";

/** A thousand keys of 1,024 bytes, with XML's six characters for each, and their elements. */
const BODY_MAX_BYTES = 8 * 1024 * 1024;

/**
 * DeleteObjects: up to 1,000 keys and versions, each with its own result. The body decides what is
 * deleted, so S3 requires a digest of it besides the signature.
 */
export const deleteObjects: Handler = async (call) => {
  if (!hasBodyDigest(call.headers)) {
    throw new S3Error("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  }
  const bypassGovernance = parseBypassGovernance(call.headers);
  const body = await readBody(call, BODY_MAX_BYTES);
  if (body.length === 0) throw new S3Error("MissingRequestBodyError");
  const { quiet, deletions } = parseDeleteList(body);
  const isDenied = await decideEach(call, deletions);
  const allowed = deletions
    .filter((deletion) => deletion.refusal === null && !isDenied.has(deletion))
    .map(storedDeletion);
  const request = { bucket: call.bucket, deletions: allowed, bypassGovernance };
  const results = (await removeObjects(call.store, request)).values();
  const answers = deletions.map((deletion) => {
    const refusal = deletion.refusal ?? (isDenied.has(deletion) ? DENIED : null);
    if (refusal !== null) return errorElement(deletion, refusal);
    return answer(deletion, results.next().value as DeletionResult, quiet);
  });
  return { status: 200, body: xmlDocument("DeleteResult", answers) };
};

const DENIED = new S3Error("AccessDenied");

/**
 * Decides key by key, on the remembered bucket and, if that would refuse any, on the present one.
 * The store decides allowed keys again, with the bucket that its batch finds. Bypassing retention
 * is a permission of each key, too.
 */
async function decideEach(call: Call, deletions: readonly Deletion[]): Promise<ReadonlySet<Deletion>> {
  const { bucket: name, store, gate } = call;
  const asksOf = (deletion: Deletion) => [
    ...deleteAsks({ ...storedDeletion(deletion), bucket: name, byEtag: (deletion.condition?.etag ?? "*") !== "*" }),
    ...bypassAsks({ ...call, key: deletion.key }),
  ];
  const deniedIn = (bucket: Bucket) =>
    deletions.filter((deletion) => !asksOf(deletion).every((ask) => gate.allowsAsk(ask, bucket)));
  const likely = store.metadata.buckets.recall(name, store.clock.now()) ?? gate.guess(name);
  let denied = likely && gate.allows(likely) ? deniedIn(likely) : deletions;
  if (denied.length > 0) {
    // A denial goes into the document, so it must be certain.
    await call.caller.confirm();
    denied = deniedIn(await headBucket(store, name));
  }
  const isDenied = new Set(denied);
  gate.add(deletions.filter((deletion) => deletion.refusal === null && !isDenied.has(deletion)).flatMap(asksOf));
  return isDenied;
}

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
