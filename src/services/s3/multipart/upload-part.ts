import { uploadPart as storePart } from "../../../store/multipart/upload-part.ts";
import { checksumHeader } from "../body/checksums.ts";
import { incomingPart, releasing, type VerifiableBody } from "../body/request-body.ts";
import { customerKey } from "../encryption/customer-key.ts";
import { encryptionHeaders, requireNoEncryption } from "../encryption/headers.ts";
import type { Handler } from "../handler.ts";
import { quoteEtag } from "../objects/etag.ts";
import { parsePartNumber } from "./part-number.ts";
import { uploadIdOf } from "./upload-id.ts";

/**
 * UploadPart. The upload decides which checksum a part needs, so the body is opened when that is
 * known.
 */
export const uploadPart: Handler = async (call) => {
  const partNumber = parsePartNumber(call.query.get("partNumber") ?? "");
  requireNoEncryption(call.headers);
  let body: VerifiableBody | undefined;
  const stored = storePart(call.store, {
    bucket: call.bucket,
    key: call.key,
    uploadId: uploadIdOf(call),
    partNumber,
    customerKey: customerKey(call),
    body: (upload) => {
      body = incomingPart(call, upload.checksum);
      return body;
    },
  });
  const { etag, checksum, encryption } = await releasing(() => body, stored);
  // If the upload keeps no checksum, the client still learns that the one it sent was verified.
  const answered = body?.verified ?? checksum;
  return {
    status: 200,
    headers: {
      ETag: quoteEtag(etag),
      ...encryptionHeaders(encryption),
      ...(answered && { [checksumHeader(answered.algorithm)]: answered.value }),
    },
  };
};
