import type { NamedConfiguration } from "../../metadata/buckets/named-configurations.ts";
import type { NamedKind } from "../../metadata/buckets/named-kinds.ts";
import type { StoreContext } from "../context.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketName } from "../types.ts";
import { admitted, foundBucket } from "./admission.ts";

export type { NamedKind };

/** Most configurations of a kind in a bucket, as at AWS. */
const NAMED_CONFIGURATIONS_MAX = 1_000;

/** One configuration as it was set, or null. One D1 round trip. Throws `StoreError` no-such-bucket. */
export async function readNamed(
  store: StoreContext,
  bucket: BucketName,
  { kind, id }: { kind: NamedKind; id: string },
): Promise<unknown> {
  const found = await withMetadata({ bucket }, () => store.metadata.named.list(bucket, kind, { id }));
  foundBucket(store, found?.bucket, bucket);
  const [one] = found?.found ?? [];
  return one ? JSON.parse(one.document) : null;
}

/** A page of configurations, by id, and whether there are more. One D1 round trip. Throws `StoreError` no-such-bucket. */
export async function listNamed(
  store: StoreContext,
  bucket: BucketName,
  { kind, after, limit }: { kind: NamedKind; after: string; limit: number },
): Promise<{ bucket: Bucket; documents: unknown[]; next: string | null }> {
  const found = await withMetadata({ bucket }, () =>
    store.metadata.named.list(bucket, kind, { after, limit: limit + 1 }),
  );
  const owning = foundBucket(store, found?.bucket, bucket);
  const rows = found?.found ?? [];
  const page = rows.slice(0, limit);
  const documents = page.map(({ document }): unknown => JSON.parse(document));
  return { bucket: owning, documents, next: rows.length > limit ? (page.at(-1) as NamedConfiguration).id : null };
}

/**
 * Sets a configuration (any JSON); false: the bucket has too many. Throws `StoreError`
 * no-such-bucket.
 */
export async function setNamed(
  store: StoreContext,
  bucket: BucketName,
  { kind, id, value }: { kind: NamedKind; id: string; value: unknown },
): Promise<boolean> {
  const document = JSON.stringify(value);
  const setting = { kind, id, document, nowMs: store.clock.now(), most: NAMED_CONFIGURATIONS_MAX };
  return withMetadata({ bucket }, () =>
    admitted(store, bucket, (found) => store.metadata.named.set(bucket, setting, found)),
  );
}

/** Removes a configuration; false: there is none. Throws `StoreError` no-such-bucket. */
export async function removeNamed(
  store: StoreContext,
  bucket: BucketName,
  name: { kind: NamedKind; id: string },
): Promise<boolean> {
  return withMetadata({ bucket }, () =>
    admitted(store, bucket, (found) => store.metadata.named.remove(bucket, name, found)),
  );
}
