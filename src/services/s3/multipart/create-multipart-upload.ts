import { canonicalIdOf } from "../../../auth/principal.ts";
import { abortHeaders } from "../../../lifecycle/headers.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { createUpload } from "../../../store/multipart/uploads.ts";
import { checksumTypeName, parseUploadChecksum } from "../body/checksums.ts";
import { newEncryptionHeaders, requestedEncryption } from "../encryption/headers.ts";
import type { Handler } from "../handler.ts";
import { parseNewObject } from "../objects/new-object.ts";

/**
 * CreateMultipartUpload: fixes attributes, tags, lock, storage class and checksum of the future
 * object.
 */
export const createMultipartUpload: Handler = async (call) => {
  const { bucket, key, headers, principal, store } = call;
  const checksum = parseUploadChecksum(headers);
  const { uploadId, encryption, abort } = await createUpload(store, {
    ...requestedEncryption(call),
    bucket,
    key,
    owner: canonicalIdOf(principal),
    ...parseNewObject(headers, store),
    checksum,
  });
  return {
    status: 200,
    headers: {
      ...newEncryptionHeaders(encryption),
      ...abortHeaders(abort),
      ...(checksum && {
        "x-amz-checksum-algorithm": checksum.algorithm.toUpperCase(),
        "x-amz-checksum-type": checksumTypeName(checksum.type),
      }),
    },
    body: xmlDocument(
      "InitiateMultipartUploadResult",
      element("Bucket", bucket),
      element("Key", key),
      element("UploadId", uploadId),
    ),
  };
};
