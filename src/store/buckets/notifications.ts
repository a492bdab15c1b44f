import type { StoreContext } from "../context.ts";
import { newId } from "../placement/ids.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName } from "../types.ts";
import { admitted, foundBucket } from "./admission.ts";

/** The notification configuration as it was set, or null. One D1 round trip. Throws `StoreError` no-such-bucket. */
export async function readNotifications(store: StoreContext, bucket: BucketName): Promise<unknown> {
  const found = await withMetadata({ bucket }, () => store.metadata.notifications.find(bucket));
  foundBucket(store, found?.bucket, bucket);
  return found === null || found.configuration === null ? null : JSON.parse(found.configuration);
}

/**
 * Sets the notification configuration (any JSON), or removes it (null). It applies to every later
 * commit. Throws `StoreError` no-such-bucket.
 */
export async function setNotifications(store: StoreContext, bucket: BucketName, configuration: unknown): Promise<void> {
  const text = configuration === null ? null : JSON.stringify(configuration);
  const setting = { id: newId(store), configuration: text, nowMs: store.clock.now() };
  await withMetadata({ bucket }, () =>
    admitted(store, bucket, (found) => store.metadata.notifications.set(bucket, setting, found)),
  );
}
