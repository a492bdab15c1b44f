import type { Annotation, AnnotationEncryption } from "../../../store/annotations/annotations.ts";
import { checksumAnswerHeaders } from "../body/checksums.ts";
import { quoteEtag } from "../objects/etag.ts";

/** The header with the annotation's version id; none if the bucket never had versions. */
export function objectVersionHeader(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { "x-amz-object-version-id": versionId };
}

/** Encryption headers of an annotation; none if it is plain. */
export function annotationEncryptionHeader({ encryption }: AnnotationEncryption): Record<string, string> {
  return encryption === undefined ? {} : { "x-amz-server-side-encryption": encryption };
}

/** ETag and checksum of an annotation. */
export function annotationHeaders({ etag, checksum }: Pick<Annotation, "etag" | "checksum">): Record<string, string> {
  return { ETag: quoteEtag(etag), ...checksumAnswerHeaders(checksum) };
}
