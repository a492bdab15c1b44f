import { storeOf } from "../../../store/buckets/databases.ts";
import type { StoreContext } from "../../../store/context.ts";
import type { Target } from "../address/target.ts";
import { S3Error } from "../errors/error.ts";

/** The header by which clients find the region of a bucket. */
export const BUCKET_REGION = "x-amz-bucket-region";

/**
 * The error that answers a request, with the bucket's region if a HEAD or GET of a bucket was denied: SDKs find the region by an
 * unsigned HEAD, and need no right for it. Costs a D1 round trip for each bucket and minute.
 */
export async function withBucketRegion(
  thrown: unknown,
  { method, target, store }: { method: string; target: Target; store: StoreContext },
): Promise<unknown> {
  const isLookedFor = target.level === "bucket" && (method === "HEAD" || method === "GET");
  if (!isLookedFor || !(thrown instanceof S3Error) || thrown.status !== 403) return thrown;
  const { metadata, clock } = await storeOf(store, target.bucket);
  const { buckets } = metadata;
  const bucket =
    buckets.recall(target.bucket, clock.now()) ?? (await buckets.learn(target.bucket, clock.now()).catch(() => null));
  if (bucket === null) return thrown;
  const headers = { ...thrown.headers, [BUCKET_REGION]: bucket.region };
  return new S3Error(thrown.code, thrown.message, { ...thrown.details }, { headers, cause: thrown.cause });
}
