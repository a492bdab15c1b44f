import { putObject as storeObject } from "../../store/write.ts";
import type { Handler } from "../handler.ts";
import { requireDigestOfLocked } from "../lock/headers.ts";
import { checksumAnswerHeaders } from "../objects/checksums.ts";
import { parseWriteCondition } from "../objects/conditions.ts";
import { quoteEtag } from "../objects/etag.ts";
import { parseNewObject } from "../objects/new-object.ts";
import { incomingBody, releasing } from "../objects/request-body.ts";
import { writtenVersionHeader } from "../objects/version-id.ts";
import { appendObject, parseWriteOffset } from "./append-object.ts";

/** PutObject. Everything that the head of the request makes impossible is refused before a byte of the body is read. */
export const putObject: Handler = async (call) => {
  const offset = parseWriteOffset(call.headers);
  if (offset !== null) return appendObject(call, offset);
  const condition = parseWriteCondition(call.headers);
  const object = parseNewObject(call.headers, call.store);
  requireDigestOfLocked(call.headers, object.lock);
  const { bucket, key } = call;
  const body = incomingBody(call);
  const put = { bucket, key, ...object, body, ...(condition && { condition }) };
  const written = await releasing(() => body, storeObject(call.store, put));
  return {
    status: 200,
    headers: {
      ETag: quoteEtag(written.etag),
      ...writtenVersionHeader(written.versionId),
      ...checksumAnswerHeaders(written.checksum),
    },
  };
};
