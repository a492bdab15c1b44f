import type { Answer } from "../../../edge/answer.ts";
import { element, optional, type Xml, xmlDocument, xmlTime } from "../../../protocols/rest-xml/write.ts";
import { type ListedUploads, listUploads as listStored } from "../../../store/multipart/uploads.ts";
import { checksumTypeName } from "../body/checksums.ts";
import { BUCKET_REGION } from "../gate/bucket-region.ts";
import type { Call } from "../handler.ts";
import { commonPrefixes } from "../listing/contents.ts";
import { ownerElements } from "../listing/owner.ts";
import {
  type NameEncoding,
  PAGE_ENTRIES_MAX,
  parseCount,
  parseEncoding,
  positionAfter,
} from "../listing/parameters.ts";

/** GET /bucket?uploads: unfinished multipart uploads, by key and then by upload id. */
export async function listMultipartUploads(call: Call): Promise<Answer> {
  const { query, bucket, store } = call;
  const encoding = parseEncoding(query);
  const maxUploads = Math.min(parseCount(query, "max-uploads", PAGE_ENTRIES_MAX), PAGE_ENTRIES_MAX);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const keyMarker = query.get("key-marker") ?? "";
  // Without a key marker S3 ignores the other one.
  const uploadIdMarker = keyMarker === "" ? "" : (query.get("upload-id-marker") ?? "");

  const after =
    uploadIdMarker === ""
      ? positionAfter(keyMarker, { prefix, delimiter })
      : { key: keyMarker, uploadId: uploadIdMarker };
  const page = await listStored(store, { bucket, prefix, delimiter, after, limit: maxUploads });
  const next = page.next;
  const body = xmlDocument(
    "ListMultipartUploadsResult",
    element("Bucket", bucket),
    element("KeyMarker", encoding.encode(keyMarker)),
    element("UploadIdMarker", uploadIdMarker),
    optional("NextKeyMarker", next === undefined ? undefined : encoding.encode(next.key)),
    optional("NextUploadIdMarker", next === undefined ? undefined : (next.uploadId ?? "")),
    element("Prefix", encoding.encode(prefix)),
    optional("Delimiter", delimiter === "" ? undefined : encoding.encode(delimiter)),
    optional("EncodingType", encoding.type),
    element("MaxUploads", maxUploads),
    element("IsTruncated", page.truncated),
    uploadElements(page.entries, encoding),
  );
  return { status: 200, headers: { [BUCKET_REGION]: page.region }, body };
}

function uploadElements(entries: ListedUploads["entries"], encoding: NameEncoding): Xml[] {
  const uploads: Xml[] = [];
  const prefixes: Xml[] = [];
  for (const entry of entries) {
    if (entry.kind === "prefix") prefixes.push(commonPrefixes(entry.prefix, encoding));
    else uploads.push(uploadElement(entry, encoding));
  }
  return [...uploads, ...prefixes];
}

type ListedUpload = Extract<ListedUploads["entries"][number], { kind: "upload" }>;

function uploadElement(upload: ListedUpload, encoding: NameEncoding): Xml {
  const { checksum } = upload;
  return element(
    "Upload",
    element("Key", encoding.encode(upload.key)),
    element("UploadId", upload.uploadId),
    element("Initiator", ...ownerElements(upload.owner)),
    element("Owner", ...ownerElements(upload.owner)),
    element("StorageClass", upload.storageClass),
    element("Initiated", xmlTime(upload.initiatedMs)),
    optional("ChecksumAlgorithm", checksum?.algorithm.toUpperCase()),
    optional("ChecksumType", checksum === null ? undefined : checksumTypeName(checksum.type)),
  );
}
