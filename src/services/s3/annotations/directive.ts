import { S3Error } from "../errors/error.ts";

const NAME = "x-amz-object-annotation-directive";

interface Directed {
  readonly headers: Headers;
  readonly query: URLSearchParams;
}

/** What a copy says of annotations, in a header or in the query of a presigned URL, as it was sent; null: nothing. */
export function annotationDirective({ headers, query }: Directed): string | null {
  return headers.get(NAME) ?? query.get(NAME);
}

/** Whether a copy takes its source's annotations over, as it does if it says nothing. Throws InvalidArgument. */
export function parseAnnotationDirective(request: Directed): "COPY" | "EXCLUDE" {
  const text = annotationDirective(request) ?? "COPY";
  if (text === "COPY" || text === "EXCLUDE") return text;
  throw new S3Error("InvalidArgument", "Unknown annotation directive.", { ArgumentName: NAME, ArgumentValue: text });
}
