import { element, optional, xmlDocument, xmlTime } from "../../../protocols/rest-xml/write.ts";
import { type Annotation, listAnnotations } from "../../../store/annotations/annotations.ts";
import type { Handler } from "../handler.ts";
import { decodeToken, encodeToken } from "../listing/continuation-token.ts";
import { invalidArgument } from "../listing/parameters.ts";
import { quoteEtag } from "../objects/etag.ts";
import { versionOf } from "../objects/version-id.ts";
import { objectVersionHeader } from "./answer-headers.ts";
import { annotationPrefixOf } from "./name.ts";

const RESULTS_MAX = 1_000;
const MAX_RESULTS = "max-annotation-results";

/**
 * ListObjectAnnotations, in the order of their names. A page continues after a name, whether or not
 * that annotation still exists.
 */
export const listObjectAnnotations: Handler = async ({ bucket, key, query, store }) => {
  const prefix = annotationPrefixOf(query);
  const limit = parseLimit(query.get(MAX_RESULTS));
  const token = query.get("continuation-token");
  const after = token === null ? "" : String(decodeToken("ListObjectAnnotations", token));
  const object = { bucket, key, ...versionOf(query) };
  const page = await listAnnotations(store, object, { prefix, after, limit });
  return {
    status: 200,
    headers: objectVersionHeader(page.versionId),
    body: xmlDocument(
      "ListObjectAnnotationsOutput",
      element("Annotations", page.annotations.map(entry)),
      element("Bucket", bucket),
      element("Key", key),
      optional("AnnotationPrefix", prefix === "" ? undefined : prefix),
      element("MaxAnnotationResults", limit),
      element("AnnotationCount", page.annotations.length),
      optional("ContinuationToken", token ?? undefined),
      optional("NextContinuationToken", page.next && encodeToken("ListObjectAnnotations", page.next)),
    ),
  };
};

function entry({ name, checksum, etag, modifiedMs, sizeBytes }: Annotation) {
  return element(
    "AnnotationEntry",
    element("AnnotationName", name),
    element("ChecksumAlgorithm", checksum.algorithm.toUpperCase()),
    element("ETag", quoteEtag(etag)),
    element("LastModified", xmlTime(modifiedMs)),
    element("Size", sizeBytes),
  );
}

function parseLimit(text: string | null): number {
  if (text === null || text === "") return RESULTS_MAX;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= RESULTS_MAX) return limit;
  throw invalidArgument(MAX_RESULTS, text, `${MAX_RESULTS} must be an integer between 1 and ${RESULTS_MAX}`);
}
