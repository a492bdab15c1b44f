import { putObject as storeObject } from "../../store/write.ts";
import type { Handler } from "../handler.ts";
import { parseAttributes } from "../objects/attributes.ts";
import { checksumAnswerHeaders } from "../objects/checksums.ts";
import { parseWriteCondition } from "../objects/conditions.ts";
import { quoteEtag } from "../objects/etag.ts";
import { incomingBody, releasing } from "../objects/request-body.ts";
import { parseStorageClass } from "../objects/storage-class.ts";
import { writtenVersionHeader } from "../objects/version-id.ts";

/** PutObject. Everything that the head of the request makes impossible is refused before a byte of the body is read. */
export const putObject: Handler = async (call) => {
  const condition = parseWriteCondition(call.headers);
  const attributes = parseAttributes(call.headers);
  const storageClass = parseStorageClass(call.headers, call.store);
  const { bucket, key } = call;
  const body = incomingBody(call);
  const put = { bucket, key, attributes, storageClass, body, ...(condition && { condition }) };
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
