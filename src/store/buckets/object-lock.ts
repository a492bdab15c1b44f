import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName } from "../types.ts";
import { admitted } from "./admission.ts";
import { headBucket } from "./buckets.ts";
import { lockConfiguration, type ObjectLockConfiguration } from "./lock-and-tags.ts";

export type { DefaultRetention, ObjectLockConfiguration } from "./lock-and-tags.ts";

/**
 * The bucket's object lock configuration; null if it has no object lock. Throws `StoreError`
 * no-such-bucket.
 */
export async function readLockConfiguration(
  store: StoreContext,
  bucket: BucketName,
): Promise<ObjectLockConfiguration | null> {
  return lockConfiguration(await headBucket(store, bucket));
}

/**
 * Sets it. A bucket without object lock gets it permanently. Existing versions keep their lock.
 * Throws `StoreError` no-such-bucket, and not-versioned if the bucket's versioning is not enabled.
 */
export async function setLockConfiguration(
  store: StoreContext,
  bucket: BucketName,
  configuration: ObjectLockConfiguration,
): Promise<void> {
  try {
    const text = JSON.stringify(configuration);
    await withMetadata({ bucket }, () =>
      admitted(store, bucket, (found) => store.metadata.buckets.setObjectLock(bucket, text, found)),
    );
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure.kind !== "conflict") throw error;
    throw new StoreError({ kind: "not-versioned", bucket }, { cause: error });
  }
}
