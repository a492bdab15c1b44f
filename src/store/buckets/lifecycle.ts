import type { LifecycleConfiguration } from "../../lifecycle/configuration.ts";
import type { StoreContext } from "../context.ts";
import { newId } from "../placement/ids.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName } from "../types.ts";
import { admitted } from "./admission.ts";
import { headBucket } from "./buckets.ts";

/**
 * The lifecycle configuration as it was set, or null. One D1 round trip. Throws `StoreError`
 * no-such-bucket.
 */
export async function readLifecycleOf(store: StoreContext, bucket: BucketName): Promise<LifecycleConfiguration | null> {
  return (await headBucket(store, bucket)).lifecycle as LifecycleConfiguration | null;
}

/**
 * Sets the lifecycle configuration, or removes it (null). It takes effect at once, also in a walk
 * that is under way. Throws `StoreError` no-such-bucket.
 */
export async function setLifecycle(
  store: StoreContext,
  bucket: BucketName,
  configuration: LifecycleConfiguration | null,
): Promise<void> {
  const setting = { id: newId(store), configuration, nowMs: store.clock.now() };
  await withMetadata({ bucket }, () =>
    admitted(store, bucket, (found) => store.metadata.lifecycles.set(bucket, setting, found)),
  );
}
