import { readBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { storeOf } from "../../../store/buckets/databases.ts";
import type { StoreContext } from "../../../store/context.ts";
import type { CorsRule } from "./rules.ts";

/**
 * The rules of a bucket, or null where it has none. One D1 round trip, and one more where it must be found out which database the
 * bucket lies in. Throws `StoreError` no-such-bucket.
 */
export async function storedRules(store: StoreContext, bucket: string): Promise<readonly CorsRule[] | null> {
  // PutBucketCors has written them, and nothing else does.
  return (await readBucketConfiguration(await storeOf(store, bucket), bucket, "cors")) as readonly CorsRule[] | null;
}
