import type { Annotation } from "../../../store/annotations/annotations.ts";
import { checksumAnswerHeaders } from "../body/checksums.ts";
import { quoteEtag } from "../objects/etag.ts";

/** The header that names the version which an annotation is of; none where the bucket never had versions. */
export function objectVersionHeader(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { "x-amz-object-version-id": versionId };
}

/** ETag and checksum of an annotation. */
export function annotationHeaders({ etag, checksum }: Pick<Annotation, "etag" | "checksum">): Record<string, string> {
  return { ETag: quoteEtag(etag), ...checksumAnswerHeaders(checksum) };
}
