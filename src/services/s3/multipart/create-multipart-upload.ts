import { canonicalIdOf } from "../../../auth/principal.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { createUpload } from "../../../store/multipart/uploads.ts";
import { checksumTypeName, parseUploadChecksum } from "../body/checksums.ts";
import type { Handler } from "../handler.ts";
import { parseNewObject } from "../objects/new-object.ts";

/** CreateMultipartUpload: attributes, tags, lock, storage class and checksum are settled here for the object to come. */
export const createMultipartUpload: Handler = async ({ bucket, key, headers, principal, store }) => {
  const checksum = parseUploadChecksum(headers);
  const { uploadId } = await createUpload(store, {
    bucket,
    key,
    owner: canonicalIdOf(principal),
    ...parseNewObject(headers, store),
    checksum,
  });
  return {
    status: 200,
    ...(checksum && {
      headers: {
        "x-amz-checksum-algorithm": checksum.algorithm.toUpperCase(),
        "x-amz-checksum-type": checksumTypeName(checksum.type),
      },
    }),
    body: xmlDocument(
      "InitiateMultipartUploadResult",
      element("Bucket", bucket),
      element("Key", key),
      element("UploadId", uploadId),
    ),
  };
};
