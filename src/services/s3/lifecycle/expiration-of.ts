import { expirationHeader } from "../../../lifecycle/headers.ts";
import { expiryIn } from "../../../store/read/expiry.ts";
import type { Bucket, ObjectHead } from "../../../store/types.ts";
import type { Call } from "../handler.ts";

/** `x-amz-expiration` of what a GET or HEAD found. As at S3, a version that is asked for by its id has none. */
export function expirationOf(
  { store, query }: Pick<Call, "store" | "query">,
  { bucket, head }: { bucket: Bucket; head: ObjectHead },
): Record<string, string> {
  return query.has("versionId") ? {} : expirationHeader(expiryIn(store, bucket, head));
}
