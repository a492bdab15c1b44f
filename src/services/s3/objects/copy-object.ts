import { expirationHeader } from "../../../lifecycle/headers.ts";
import { xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { copyObject as storeCopy } from "../../../store/write/copy.ts";
import { annotationDirective, parseAnnotationDirective } from "../annotations/directive.ts";
import { parseChecksumAlgorithm } from "../body/checksums.ts";
import { sourceCustomerKey } from "../encryption/customer-key.ts";
import { newEncryptionHeaders, requestedEncryption } from "../encryption/headers.ts";
import { S3Error } from "../errors/error.ts";
import type { Call, Handler } from "../handler.ts";
import { parseLockHeaders } from "../lock/headers.ts";
import { parseTaggingHeader } from "../tagging/tags.ts";
import { copiedAnnotations, copiedTags } from "./asks.ts";
import { parseAttributes, parseRedirectLocation } from "./attributes.ts";
import { checkCopyConditions, parseWriteCondition } from "./conditions.ts";
import { type CopySource, copySourceHeader, ofCopySource, parseCopySource } from "./copy-source.ts";
import { parseStorageClass } from "./storage-class.ts";
import { writtenVersionHeader } from "./version-id.ts";
import { copyResult } from "./write-answers.ts";

const ONTO_ITSELF =
  "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
  "metadata, storage class, website redirect location or encryption attributes.";

/**
 * CopyObject. The request's attributes and tags count only with a directive REPLACE. A lock is
 * never copied.
 */
export const copyObject: Handler = async (call) => {
  const { bucket, key, headers, store } = call;
  const source = parseCopySource(headers.get("x-amz-copy-source") ?? "");
  const encryption = requestedEncryption(call);
  const attributes = isReplaced(headers, "metadata") ? parseAttributes(headers) : "copy";
  const tags = isReplaced(headers, "tagging") ? (parseTaggingHeader(headers) ?? []) : "copy";
  // The header's tags are then not used, so policies must not see them.
  if (tags === "copy") call.gate.body.tags = [];
  const lock = parseLockHeaders(headers, store.clock.now());
  const storageClass = parseStorageClass(headers);
  const checksumAlgorithm = parseChecksumAlgorithm(headers);
  const condition = parseWriteCondition(headers);
  const withoutAnnotations = parseAnnotationDirective(call) === "EXCLUDE";
  const copying = storeCopy(store, {
    source: { ...source, customerKey: sourceCustomerKey(call) },
    ...encryption,
    check: (head, buckets) => {
      if (tags === "copy" && head.tags.length > 0) {
        call.gate.body.tags = head.tags;
        call.gate.add(copiedTags(call, source));
        call.gate.bucket(buckets.target);
        call.gate.object(buckets.source, source, head);
      }
      if (!withoutAnnotations && head.annotations > 0) {
        call.gate.add(copiedAnnotations(call, source));
        call.gate.bucket(buckets.target);
        call.gate.object(buckets.source, source, head);
      }
      checkCopyConditions(headers, head);
      if (isOntoItself(call, source) && !namesChange(call)) throw new S3Error("InvalidRequest", ONTO_ITSELF);
    },
    bucket,
    key,
    attributes,
    ...(attributes === "copy" && { websiteRedirectLocation: parseRedirectLocation(headers) }),
    tags,
    storageClass,
    withoutAnnotations,
    ...(lock && { lock }),
    ...(checksumAlgorithm && { checksumAlgorithm }),
    ...(condition && { condition }),
  });
  const copied = await ofCopySource(copying);
  return {
    status: 200,
    headers: {
      ...copySourceHeader(copied.sourceVersionId),
      ...writtenVersionHeader(copied.versionId),
      ...newEncryptionHeaders(copied.encryption),
      ...expirationHeader(copied.expiry),
    },
    body: xmlDocument("CopyObjectResult", copyResult(copied, copied.checksum)),
  };
};

/** A directive REPLACE: the request's own values count, not the source's. */
function isReplaced(headers: Headers, what: "metadata" | "tagging"): boolean {
  const name = `x-amz-${what}-directive`;
  const text = headers.get(name) ?? "COPY";
  if (text === "COPY" || text === "REPLACE") return text === "REPLACE";
  throw new S3Error("InvalidArgument", `Unknown ${what} directive.`, { ArgumentName: name, ArgumentValue: text });
}

/** Copying a named older version makes it the newest one, which is a change. */
function isOntoItself({ bucket, key }: Call, source: CopySource): boolean {
  return source.bucket === bucket && source.key === key && source.versionId === undefined;
}

/** Headers that make a copy of an object onto itself legal, whether or not their value differs. */
const CHANGES = ["x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-checksum-algorithm"];

/** True if the request names something to change. As at S3, the value may be the present one. */
function namesChange(call: Call): boolean {
  const { headers } = call;
  if (annotationDirective(call) !== null) return true;
  if (["metadata", "tagging"].some((what) => isReplaced(headers, what as "metadata" | "tagging"))) return true;
  return [...headers.keys()].some((name) => CHANGES.includes(name) || name.startsWith("x-amz-server-side-encryption"));
}
