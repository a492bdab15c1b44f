import { xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { uploadPartCopy as storePartCopy } from "../../../store/multipart/upload-part.ts";
import { customerKey, sourceCustomerKey } from "../encryption/customer-key.ts";
import { encryptionHeaders, requireNoEncryption } from "../encryption/headers.ts";
import type { Handler } from "../handler.ts";
import { checkCopyConditions } from "../objects/conditions.ts";
import { copySourceHeader, ofCopySource, parseCopySource } from "../objects/copy-source.ts";
import { parseCopyRange, selectCopyRange } from "../objects/range.ts";
import { copyResult } from "../objects/write-answers.ts";
import { parsePartNumber } from "./part-number.ts";
import { uploadIdOf } from "./upload-id.ts";

/** UploadPartCopy: a part made of another object, or of a range of it. */
export const uploadPartCopy: Handler = async (call) => {
  const { bucket, key, query, headers } = call;
  requireNoEncryption(headers);
  const partNumber = parsePartNumber(query.get("partNumber") ?? "");
  const source = parseCopySource(headers.get("x-amz-copy-source") ?? "");
  const rangeText = headers.get("x-amz-copy-source-range");
  const range = rangeText === null ? null : parseCopyRange(rangeText);
  const copying = storePartCopy(call.store, {
    bucket,
    key,
    uploadId: uploadIdOf(call),
    partNumber,
    source: { ...source, customerKey: sourceCustomerKey(call) },
    customerKey: customerKey(call),
    select: (head) => {
      checkCopyConditions(headers, head);
      return range === null ? { offset: 0, length: head.sizeBytes } : selectCopyRange(range, head.sizeBytes);
    },
  });
  const copied = await ofCopySource(copying);
  return {
    status: 200,
    headers: { ...copySourceHeader(copied.sourceVersionId), ...encryptionHeaders(copied.encryption) },
    body: xmlDocument("CopyPartResult", copyResult(copied, copied.checksum)),
  };
};
