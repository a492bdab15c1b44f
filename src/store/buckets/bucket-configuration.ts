import type { StoreContext } from "../context.ts";
import { newId } from "../placement/ids.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketAccess, BucketName, PublicAccessBlock } from "../types.ts";
import { admitted, foundBucket, underAccess } from "./admission.ts";
import { allStores } from "./databases.ts";

/**
 * Configurations of a bucket that the store keeps without reading them. Their writers know their
 * contents.
 */
export type ConfigurationKind = "cors" | "website";

/** A configuration as it was set, or null. One D1 round trip. Throws `StoreError` no-such-bucket. */
export async function readBucketConfiguration(
  store: StoreContext,
  bucket: BucketName,
  kind: ConfigurationKind,
): Promise<unknown> {
  return (await findBucketConfiguration(store, bucket, kind)).value;
}

/** The same, with its bucket. */
export async function findBucketConfiguration(
  store: StoreContext,
  name: BucketName,
  kind: ConfigurationKind,
): Promise<{ bucket: Bucket; value: unknown }> {
  const found = await withMetadata({ bucket: name }, () => store.metadata.buckets.configuration(name, kind));
  const bucket = foundBucket(store, found?.bucket, name);
  return { bucket, value: found === null || found.value === null ? null : JSON.parse(found.value) };
}

/** Sets a configuration (any JSON), or removes it (null). Throws `StoreError` no-such-bucket. */
export async function setBucketConfiguration(
  store: StoreContext,
  bucket: BucketName,
  configuration: { kind: ConfigurationKind; value: unknown },
): Promise<void> {
  await withMetadata({ bucket }, () =>
    admitted(store, bucket, (found) => store.metadata.buckets.configure(bucket, configuration, found)),
  );
}

/** One part of a bucket's access settings. */
export type AccessChange = {
  [Part in keyof BucketAccess]-?: { part: Part; value: BucketAccess[Part] | null };
}[keyof BucketAccess];

/**
 * Sets one part of a bucket's access settings, or removes it (null). Throws `StoreError`
 * no-such-bucket.
 */
export async function setBucketAccess(store: StoreContext, name: BucketName, change: AccessChange): Promise<void> {
  const settings = { ...change, id: newId(store) };
  await withMetadata({ bucket: name }, () =>
    admitted(store, name, (bucket) => store.metadata.buckets.setAccess(name, settings, bucket)),
  );
}

/**
 * The same for a part that depends on the others. `change` gets the present bucket, and throws if
 * the bucket does not allow the part. If the bucket changes before the batch, the batch fails and
 * everything is repeated. One round trip more.
 */
export async function changeBucketAccess(
  store: StoreContext,
  name: BucketName,
  change: (bucket: Bucket) => AccessChange,
): Promise<void> {
  await underAccess(() =>
    withMetadata({ bucket: name }, async () => {
      const bucket = foundBucket(store, await store.metadata.buckets.learn(name, store.clock.now()), name);
      await store.metadata.buckets.setAccess(name, { ...change(bucket), id: newId(store) }, bucket);
    }),
  );
}

/** The public access block of an account; null: it has none. */
export async function readAccountBlock(store: StoreContext, owner: string): Promise<PublicAccessBlock | null> {
  return withMetadata({ bucket: "" }, () => store.metadata.buckets.accountBlock(owner));
}

/**
 * Sets the public access block of an account, or removes it (null), in every database, because each
 * may have buckets of the account. A crash may leave it set in some databases only; repeating the
 * call completes it.
 */
export async function setAccountBlock(
  store: StoreContext,
  owner: string,
  block: PublicAccessBlock | null,
): Promise<void> {
  const id = newId(store);
  await withMetadata({ bucket: "" }, () =>
    Promise.all(allStores(store).map(({ metadata }) => metadata.buckets.setAccountBlock(owner, block, id))),
  );
}
