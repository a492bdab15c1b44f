import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newId } from "../placement/ids.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketAccess, BucketName, Tags } from "../types.ts";
import { admitted, foundBucket } from "./admission.ts";
import { allStores } from "./databases.ts";

export type ListedBucket = Pick<Bucket, "name" | "createdMs" | "region">;

/**
 * A page of an owner's buckets in name order. `after` is exclusive, "" from the start. Several
 * databases are asked side by side. Of buckets that are made or deleted meanwhile, a page may show
 * a later one and miss an earlier one.
 */
export async function listBuckets(
  store: StoreContext,
  page: { owner: string; prefix: string; after: string; limit: number },
): Promise<{ buckets: ListedBucket[]; truncated: boolean }> {
  const stores = allStores(store);
  const lists = await withMetadata({ bucket: "" }, () =>
    Promise.all(stores.map(({ metadata }) => metadata.buckets.list(page))),
  );
  // Names are ASCII: the order of characters is the order of bytes.
  const rows = stores.length === 1 ? lists.flat() : lists.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
  return { buckets: rows.slice(0, page.limit), truncated: rows.length > page.limit };
}

/**
 * Makes a bucket, in one D1 round trip. With several databases, two more waves of round trips find
 * one for it. With `objectLock` it is versioned permanently. Throws `StoreError` bucket-exists if
 * the name is taken by any account. A crash leaves the bucket complete or absent.
 */
export async function createBucket(
  store: StoreContext,
  bucket: {
    name: BucketName;
    owner: string;
    /** Absent: the first account. */
    ownerAccount?: string;
    region: string;
    objectLock?: boolean;
    tags?: Tags;
    /** Absent: no settings. */
    access?: BucketAccess;
  },
): Promise<void> {
  const { objectLock = false, tags = [], access = null, ownerAccount = null, ...named } = bucket;
  const lock = objectLock
    ? { versioning: "enabled" as const, objectLock: "{}" }
    : { versioning: null, objectLock: null };
  const configuration = tags.length > 0 ? { tagging: tags } : {};
  // The id is also used if the account has settings that new buckets inherit.
  const settings = { ownerAccount, access, accessId: newId(store) };
  const row = { ...named, ...lock, ...settings, configuration, createdMs: store.clock.now() };
  const { metadata } = store.databases ? await store.databases.forNewBucket(bucket.name) : store;
  const taken = await withMetadata({ bucket: bucket.name }, () => metadata.buckets.create(row));
  if (!taken) return;
  throw new StoreError({
    kind: "bucket-exists",
    bucket: bucket.name,
    ownedByCaller: taken.takenBy === bucket.owner,
  });
}

/** Throws `StoreError` no-such-bucket. */
export async function headBucket(store: StoreContext, name: BucketName): Promise<Bucket> {
  const row = await withMetadata({ bucket: name }, () => store.metadata.buckets.learn(name, store.clock.now()));
  return foundBucket(store, row, name);
}

/** Deletes an empty bucket, and aborts its unfinished uploads. Throws `StoreError` no-such-bucket or bucket-not-empty. */
export async function deleteBucket(store: StoreContext, name: BucketName): Promise<void> {
  await store.databases?.keepName(name, store);
  try {
    await withMetadata({ bucket: name }, () =>
      admitted(store, name, (bucket) => store.metadata.buckets.delete(name, store.clock.now(), bucket)),
    );
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure.kind !== "bucket-not-empty") throw error;
    const { versioning } = await headBucket(store, name);
    throw new StoreError({ ...error.failure, versioned: versioning !== null }, { cause: error });
  }
}

/**
 * Throws `StoreError` no-such-bucket, or versioning-needed if object lock requires it to stay
 * enabled.
 */
export async function setVersioning(
  store: StoreContext,
  bucket: BucketName,
  versioning: "enabled" | "suspended",
): Promise<void> {
  try {
    await withMetadata({ bucket }, () =>
      admitted(store, bucket, (found) => store.metadata.buckets.setVersioning(bucket, versioning, found)),
    );
  } catch (error) {
    if (error instanceof StoreError && error.failure.kind === "conflict") {
      throw new StoreError({ kind: "versioning-needed", bucket }, { cause: error });
    }
    throw error;
  }
}
