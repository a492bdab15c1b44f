import { expirationHeader } from "../../../lifecycle/headers.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { completeUpload } from "../../../store/multipart/complete-upload.ts";
import { parseChecksumType, parseObjectChecksum } from "../body/checksums.ts";
import { readBody } from "../body/request-body.ts";
import { encryptionHeaders } from "../encryption/headers.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { parseWriteCondition } from "../objects/conditions.ts";
import { quoteEtag } from "../objects/etag.ts";
import { objectLocation } from "../objects/location.ts";
import { writtenVersionHeader } from "../objects/version-id.ts";
import { checksumElements } from "../objects/write-answers.ts";
import { parsePartList } from "./part-list.ts";
import { uploadIdOf } from "./upload-id.ts";

/** Ten thousand parts of some 250 bytes, and room for indentation. */
const BODY_MAX_BYTES = 4 * 1024 * 1024;

/**
 * CompleteMultipartUpload. Its x-amz-checksum-* headers describe the object, not the list of parts.
 */
export const completeMultipartUpload: Handler = async (call) => {
  const { bucket, key, headers } = call;
  const condition = parseWriteCondition(headers);
  const checksum = parseObjectChecksum(headers);
  const checksumType = parseChecksumType(headers);
  const sizeBytes = parseObjectSize(headers);
  const parts = parsePartList(await readBody(call, BODY_MAX_BYTES, { checksumHeaders: "of-object" }));
  const completed = await completeUpload(call.store, {
    bucket,
    key,
    uploadId: uploadIdOf(call),
    parts,
    ...(checksum && { checksum }),
    ...(checksumType && { checksumType }),
    ...(sizeBytes !== null && { sizeBytes }),
    ...(condition && { condition }),
  });
  return {
    status: 200,
    headers: {
      ...writtenVersionHeader(completed.versionId),
      ...encryptionHeaders(completed.encryption),
      ...expirationHeader(completed.expiry),
    },
    body: xmlDocument(
      "CompleteMultipartUploadResult",
      element("Location", objectLocation(headers, bucket, key)),
      element("Bucket", bucket),
      element("Key", key),
      element("ETag", quoteEtag(completed.etag)),
      ...(completed.checksum ? checksumElements(completed.checksum) : []),
    ),
  };
};

/** Reads x-amz-mp-object-size, in bytes. Throws InvalidRequest. */
function parseObjectSize(headers: Headers): number | null {
  const text = headers.get("x-amz-mp-object-size");
  if (text === null) return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new S3Error(
    "InvalidRequest",
    text.startsWith("-")
      ? `Value for x-amz-mp-object-size header is less than zero: '${text}'`
      : "Value for x-amz-mp-object-size header is invalid.",
  );
}
