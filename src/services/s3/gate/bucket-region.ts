import { AccessRefused } from "../../../auth/access.ts";
import { storeOf } from "../../../store/buckets/databases.ts";
import type { StoreContext } from "../../../store/context.ts";
import { StoreError } from "../../../store/failure.ts";
import { withMetadata } from "../../../store/translate-metadata.ts";
import type { Target } from "../address/target.ts";

/** The header with a bucket's region, for clients. */
export const BUCKET_REGION = "x-amz-bucket-region";

/** A refusal whose answer tells the region of the bucket. */
export class RefusedInBucket extends AccessRefused {
  readonly region: string;

  constructor({ ask, decision, principal }: AccessRefused, region: string) {
    super(ask, decision, principal);
    this.region = region;
  }
}

/**
 * The thrown error, with the bucket's region if it refused a HEAD or GET of a bucket: SDKs find the
 * region by an unsigned HEAD, which needs no permission. Costs a D1 round trip per bucket and
 * minute.
 */
export async function withBucketRegion(
  thrown: unknown,
  { method, target, store }: { method: string; target: Target; store: StoreContext },
): Promise<unknown> {
  const isLookedFor = target.level === "bucket" && (method === "HEAD" || method === "GET");
  if (!isLookedFor || !(thrown instanceof AccessRefused)) return thrown;
  try {
    const { metadata, clock } = await storeOf(store, target.bucket);
    const { buckets } = metadata;
    const learn = () => buckets.learn(target.bucket, clock.now());
    const bucket = buckets.recall(target.bucket, clock.now()) ?? (await withMetadata({ bucket: target.bucket }, learn));
    return bucket === null ? thrown : new RefusedInBucket(thrown, bucket.region);
  } catch (error) {
    // The refusal is the answer, with the region or without.
    if (error instanceof StoreError) return thrown;
    throw error;
  }
}
