import { S3Error } from "../errors/error.ts";

const NAME = "x-amz-object-annotation-directive";

interface Directed {
  readonly headers: Headers;
  readonly query: URLSearchParams;
}

/**
 * A copy's directive about annotations, from a header or the query of a presigned URL, as sent;
 * null: none.
 */
export function annotationDirective({ headers, query }: Directed): string | null {
  return headers.get(NAME) ?? query.get(NAME);
}

/**
 * Whether a copy includes its source's annotations, which is the default. Throws InvalidArgument.
 */
export function parseAnnotationDirective(request: Directed): "COPY" | "EXCLUDE" {
  const text = annotationDirective(request) ?? "COPY";
  if (text === "COPY" || text === "EXCLUDE") return text;
  throw new S3Error("InvalidArgument", "Unknown annotation directive.", { ArgumentName: NAME, ArgumentValue: text });
}
