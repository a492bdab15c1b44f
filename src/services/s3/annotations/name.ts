import { S3Error } from "../errors/error.ts";

const NAME_MAX_BYTES = 512;
const CHARACTERS = /^[\p{L}\p{M}0-9_.-]*$/u;

/**
 * The annotation's name in a request. Throws InvalidAnnotationName, AnnotationNameTooLong.
 *
 * Follows "Annotation naming rules" in the S3 User Guide.
 */
export function annotationNameOf(query: URLSearchParams): string {
  const name = query.get("annotationName") ?? "";
  if (isTooLong(name)) throw new S3Error("AnnotationNameTooLong", undefined, { AnnotationName: name });
  if (name === "" || !CHARACTERS.test(name) || /^(aws|s3)/i.test(name)) {
    throw new S3Error("InvalidAnnotationName", undefined, { AnnotationName: name });
  }
  return name;
}

/** The prefix of a list; "" for all. Throws InvalidPrefix if no name can begin with it. */
export function annotationPrefixOf(query: URLSearchParams): string {
  const prefix = query.get("annotation-prefix") ?? "";
  if (isTooLong(prefix) || !CHARACTERS.test(prefix)) {
    throw new S3Error("InvalidPrefix", undefined, { AnnotationPrefix: prefix });
  }
  return prefix;
}

function isTooLong(text: string): boolean {
  return new TextEncoder().encode(text).length > NAME_MAX_BYTES;
}
