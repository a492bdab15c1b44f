import type { StoreContext } from "../context.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName } from "../types.ts";
import { admitted, foundBucket } from "./admission.ts";

/**
 * The target of the bucket's access logs, as it was set, or null. One D1 round trip. Throws
 * `StoreError` no-such-bucket.
 */
export async function readLogging(store: StoreContext, bucket: BucketName): Promise<unknown> {
  const found = await withMetadata({ bucket }, () => store.metadata.accessLogs.find(bucket));
  foundBucket(store, found?.bucket, bucket);
  return found === null || found.configuration === null ? null : JSON.parse(found.configuration);
}

/**
 * Sets it (any JSON), or removes it (null). Isolates follow it within a minute. Throws `StoreError`
 * no-such-bucket.
 */
export async function setLogging(store: StoreContext, bucket: BucketName, configuration: unknown): Promise<void> {
  const text = configuration === null ? null : JSON.stringify(configuration);
  await withMetadata({ bucket }, () =>
    admitted(store, bucket, (found) => store.metadata.accessLogs.set(bucket, text, found)),
  );
}
