import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName } from "../types.ts";

/** Configurations of a bucket that the store keeps and does not read: what they hold is for their writer to say. */
export type ConfigurationKind = "cors" | "tagging" | "ownershipControlsRemoved" | "publicAccessBlock";

/** A configuration as it was set, or null. One D1 round trip. Throws `StoreError` no-such-bucket. */
export async function readBucketConfiguration(
  store: StoreContext,
  bucket: BucketName,
  kind: ConfigurationKind,
): Promise<unknown> {
  const found = await withMetadata({ bucket }, () => store.metadata.buckets.configuration(bucket, kind));
  if (found === null) throw new StoreError({ kind: "no-such-bucket", bucket });
  return found.value === null ? null : JSON.parse(found.value);
}

/** Sets a configuration (anything that is JSON), or takes it away (null). Throws `StoreError` no-such-bucket. */
export async function setBucketConfiguration(
  store: StoreContext,
  bucket: BucketName,
  { kind, value }: { kind: ConfigurationKind; value: unknown },
): Promise<void> {
  await withMetadata({ bucket }, () => store.metadata.buckets.configure(bucket, kind, value));
}
