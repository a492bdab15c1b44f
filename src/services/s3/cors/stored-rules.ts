import { readBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { storeOf } from "../../../store/buckets/databases.ts";
import type { StoreContext } from "../../../store/context.ts";
import type { CorsRule } from "./rules.ts";

/**
 * The rules of a bucket, or null if it has none. One D1 round trip, and one more if the bucket's
 * database is unknown. Throws `StoreError` no-such-bucket.
 */
export async function storedRules(store: StoreContext, bucket: string): Promise<readonly CorsRule[] | null> {
  // Only PutBucketCors writes them.
  return (await readBucketConfiguration(await storeOf(store, bucket), bucket, "cors")) as readonly CorsRule[] | null;
}
