import { expirationHeader } from "../../../lifecycle/headers.ts";
import { expiryIn } from "../../../store/read/expiry.ts";
import type { Bucket, ObjectHead } from "../../../store/types.ts";
import type { Call } from "../handler.ts";

/**
 * `x-amz-expiration` for the result of a GET or HEAD. As at S3, a request that names a version gets
 * none.
 */
export function expirationOf(
  { store, query }: Pick<Call, "store" | "query">,
  { bucket, head }: { bucket: Bucket; head: ObjectHead },
): Record<string, string> {
  return query.has("versionId") ? {} : expirationHeader(expiryIn(store, bucket, head));
}
