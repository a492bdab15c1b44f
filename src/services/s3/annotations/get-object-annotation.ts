import { openAnnotation } from "../../../store/annotations/annotations.ts";
import { checksumAnswerHeaders, wantsChecksum } from "../body/checksums.ts";
import type { Handler } from "../handler.ts";
import { quoteEtag } from "../objects/etag.ts";
import { formatHttpDate } from "../objects/http-date.ts";
import { versionOf } from "../objects/version-id.ts";
import { annotationEncryptionHeader, objectVersionHeader } from "./answer-headers.ts";
import { annotationNameOf } from "./name.ts";

/** GetObjectAnnotation: the whole payload, with its checksum on request. */
export const getObjectAnnotation: Handler = async ({ bucket, key, query, headers, store }) => {
  const object = { bucket, key, ...versionOf(query) };
  const { annotation, versionId, read, ...form } = await openAnnotation(store, object, annotationNameOf(query));
  return {
    status: 200,
    headers: {
      // A payload is text chosen by its writer: no browser may take it for a page.
      "Content-Type": "binary/octet-stream",
      ETag: quoteEtag(annotation.etag),
      "Last-Modified": formatHttpDate(annotation.modifiedMs),
      ...objectVersionHeader(versionId),
      ...annotationEncryptionHeader(form),
      ...(wantsChecksum(headers) && checksumAnswerHeaders(annotation.checksum)),
    },
    body: await read(),
  };
};
