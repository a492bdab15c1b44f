import type { AnnotationCondition } from "../../../store/annotations/annotations.ts";
import { S3Error } from "../errors/error.ts";
import { parseBypassGovernance } from "../lock/bypass-governance.ts";
import { unquoteEtag } from "../objects/etag.ts";

const OBJECT_IF_MATCH = "x-amz-object-if-match";

/** Condition of a change to an annotation. Throws InvalidArgument if it is not an ETag. */
export function annotationCondition(headers: Headers): AnnotationCondition {
  const bypassGovernance = parseBypassGovernance(headers) ?? false;
  const text = headers.get(OBJECT_IF_MATCH);
  if (text === null) return { bypassGovernance };
  const objectEtag = unquoteEtag(text);
  if (!/^[0-9a-zA-Z-]+$/.test(objectEtag)) {
    const details = { ArgumentName: OBJECT_IF_MATCH, ArgumentValue: text };
    throw new S3Error("InvalidArgument", "The condition must be one ETag.", details);
  }
  return { objectEtag, bypassGovernance };
}
