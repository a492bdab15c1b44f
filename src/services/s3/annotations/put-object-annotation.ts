import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { putAnnotation } from "../../../store/annotations/annotations.ts";
import { incomingBody, releasing } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { annotationEncryptionHeader, annotationHeaders, objectVersionHeader } from "./answer-headers.ts";
import { annotationCondition } from "./condition.ts";
import { annotationNameOf } from "./name.ts";
import { utf8Body } from "./utf8-body.ts";

const PAYLOAD_MAX_BYTES = 1024 * 1024;

/** PutObjectAnnotation: 1 byte to 1 MiB of UTF-8. */
export const putObjectAnnotation: Handler = async (call) => {
  const { bucket, key, query, headers, store } = call;
  const object = { bucket, key, ...versionOf(query) };
  const name = annotationNameOf(query);
  const condition = annotationCondition(headers);
  const body = incomingBody(call);
  if (body.sizeBytes === 0) throw new S3Error("InvalidRequest", "An annotation has at least 1 byte.");
  if (body.sizeBytes > PAYLOAD_MAX_BYTES) {
    const sizes = { ProposedSize: `${body.sizeBytes}`, MaxSizeAllowed: `${PAYLOAD_MAX_BYTES}` };
    throw new S3Error("EntityTooLarge", undefined, sizes);
  }
  const putting = putAnnotation(store, object, { name, body: utf8Body(body), ...condition });
  const written = await releasing(() => body, putting);
  return {
    status: 200,
    headers: {
      ...objectVersionHeader(written.versionId),
      ...annotationHeaders(written),
      ...annotationEncryptionHeader(written),
    },
    body: xmlDocument("PutObjectAnnotationOutput", element("Key", key), element("AnnotationName", name)),
  };
};
