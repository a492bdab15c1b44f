import type { Answer } from "../../../edge/answer.ts";
import { abortHeaders } from "../../../lifecycle/headers.ts";
import { element, optional, type Xml, xmlDocument, xmlTime } from "../../../protocols/rest-xml/write.ts";
import { listParts as listStored, type StoredPart } from "../../../store/multipart/uploads.ts";
import type { ChecksumAlgorithm } from "../../../store/types.ts";
import { checksumElement, checksumTypeName } from "../body/checksums.ts";
import type { Call } from "../handler.ts";
import { ownerElements } from "../listing/owner.ts";
import { PAGE_ENTRIES_MAX, parseCount } from "../listing/parameters.ts";

/** GET /bucket/key?uploadId=…: the parts uploaded so far, by number. */
export async function listParts(call: Call): Promise<Answer> {
  const { query, bucket, key, store } = call;
  const uploadId = query.get("uploadId") ?? "";
  const maxParts = Math.min(parseCount(query, "max-parts", PAGE_ENTRIES_MAX), PAGE_ENTRIES_MAX);
  const marker = parseCount(query, "part-number-marker", 0);

  const page = await listStored(store, { bucket, key, uploadId, after: marker, limit: maxParts });
  const { checksum, storageClass } = page.upload;
  const body = xmlDocument(
    "ListPartsResult",
    element("Bucket", bucket),
    element("Key", key),
    element("UploadId", uploadId),
    element("Initiator", ...ownerElements(page.upload.owner)),
    element("Owner", ...ownerElements(page.upload.owner)),
    element("StorageClass", storageClass),
    element("PartNumberMarker", marker),
    // Only if there is a next page: paginators that check only the marker would never end.
    optional("NextPartNumberMarker", page.truncated ? page.parts.at(-1)?.partNumber : undefined),
    element("MaxParts", maxParts),
    element("IsTruncated", page.truncated),
    optional("ChecksumAlgorithm", checksum?.algorithm.toUpperCase()),
    optional("ChecksumType", checksum === null ? undefined : checksumTypeName(checksum.type)),
    page.parts.map((part) => partElement(part, checksum?.algorithm)),
  );
  return { status: 200, headers: abortHeaders(page.abort), body };
}

function partElement(part: StoredPart, algorithm: ChecksumAlgorithm | undefined): Xml {
  return element(
    "Part",
    element("PartNumber", part.partNumber),
    element("LastModified", xmlTime(part.modifiedMs)),
    element("ETag", `"${part.etag}"`),
    element("Size", part.sizeBytes),
    ...(algorithm === undefined ? [] : [optional(checksumElement(algorithm), part.checksum)]),
  );
}
