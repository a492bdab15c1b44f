import { expirationHeader } from "../../../lifecycle/headers.ts";
import { putObject as storeObject } from "../../../store/write/write.ts";
import { checksumAnswerHeaders } from "../body/checksums.ts";
import { incomingBody, releasing } from "../body/request-body.ts";
import { newEncryptionHeaders, requestedEncryption } from "../encryption/headers.ts";
import type { Handler } from "../handler.ts";
import { requireDigestOfLocked } from "../lock/headers.ts";
import { appendObject, parseWriteOffset } from "./append-object.ts";
import { parseWriteCondition } from "./conditions.ts";
import { quoteEtag } from "./etag.ts";
import { parseNewObject } from "./new-object.ts";
import { writtenVersionHeader } from "./version-id.ts";

/** PutObject. Errors that the headers show are answered before a byte of the body is read. */
export const putObject: Handler = async (call) => {
  const offset = parseWriteOffset(call.headers);
  if (offset !== null) return appendObject(call, offset);
  const condition = parseWriteCondition(call.headers);
  const object = parseNewObject(call.headers, call.store);
  requireDigestOfLocked(call.headers, object.lock);
  const { bucket, key } = call;
  const encryption = requestedEncryption(call);
  const body = incomingBody(call);
  const event = call.payload.form ? ("ObjectCreated:Post" as const) : ("ObjectCreated:Put" as const);
  const put = { bucket, key, ...object, ...encryption, body, event, ...(condition && { condition }) };
  const written = await releasing(() => body, storeObject(call.store, put));
  return {
    status: 200,
    headers: {
      ETag: quoteEtag(written.etag),
      ...writtenVersionHeader(written.versionId),
      ...newEncryptionHeaders(written.encryption),
      ...expirationHeader(written.expiry),
      ...checksumAnswerHeaders(written.checksum),
    },
  };
};
