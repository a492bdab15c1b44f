import { type Guard, GuardError } from "../../metadata/database.ts";
import type { TagRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newId } from "../placement/ids.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketName, Tags } from "../types.ts";
import { admitted, foundBucket } from "./admission.ts";
import { tagRows } from "./lock-and-tags.ts";

/*
 * Tags of buckets, and whether they decide who may reach the bucket (attribute-based access control). If they do, they are part of the
 * bucket's access settings: each write is decided on them, and guarded by them.
 */

/** How often a change of tags is repeated if they change meanwhile. */
const ATTEMPTS_MAX = 5;

/** A bucket's tags; null: it has none. One D1 round trip. Throws `StoreError` no-such-bucket. */
export async function readBucketTags(store: StoreContext, name: BucketName): Promise<Tags | null> {
  return (await find(store, name)).tags;
}

async function find(
  store: StoreContext,
  name: BucketName,
): Promise<{ bucket: Bucket; tags: Tags | null; text: string | null }> {
  const found = await withMetadata({ bucket: name }, () => store.metadata.buckets.configuration(name, "tagging"));
  const bucket = foundBucket(store, found?.bucket, name);
  const text = found?.value ?? null;
  return { bucket, text, tags: text === null ? null : (JSON.parse(text) as TagRow[]) };
}

/**
 * Replaces a bucket's tags: one D1 round trip. Throws `StoreError` no-such-bucket, and abac-enabled
 * if the tags decide about access to the bucket: then only `changeBucketTags` can change them.
 */
export async function replaceBucketTags(store: StoreContext, name: BucketName, tags: Tags): Promise<void> {
  try {
    await withMetadata({ bucket: name }, () =>
      admitted(store, name, (bucket) => store.metadata.buckets.replaceTags(name, tagRows(tags), bucket)),
    );
  } catch (error) {
    if (!isGuarded(error, "bucket_changed")) throw error;
    throw new StoreError({ kind: "abac-enabled", bucket: name }, { cause: error });
  }
}

/**
 * Changes a bucket's tags: `change` maps the present ones to the new ones. Two D1 round trips.
 * Throws the errors of `change`, and `StoreError` no-such-bucket, conflict.
 */
export async function changeBucketTags(
  store: StoreContext,
  name: BucketName,
  change: (tags: Tags) => Tags,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { bucket, tags, text } = await find(store, name);
    const set = { tags: tagRows(change(tags ?? [])), was: text, abac: isAbacEnabled(bucket), id: newId(store) };
    try {
      await withMetadata({ bucket: name }, () => store.metadata.buckets.setTags(name, set, store.gate ? bucket : null));
      return;
    } catch (error) {
      const isChanged = isGuarded(error, "bucket_changed") || isGuarded(error, "bucket_access_changed");
      if (!isChanged || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

function isGuarded(error: unknown, guard: Guard): boolean {
  return error instanceof StoreError && error.cause instanceof GuardError && error.cause.guard === guard;
}

/** Whether the bucket's tags decide about access to it. */
export function isAbacEnabled({ access }: Pick<Bucket, "access">): boolean {
  return access?.abac !== undefined;
}

/**
 * Switches on or off that the bucket's tags decide about access to it. Throws `StoreError`
 * no-such-bucket.
 */
export async function setAbac(store: StoreContext, name: BucketName, isEnabled: boolean): Promise<void> {
  const settings = { isEnabled, id: newId(store) };
  await withMetadata({ bucket: name }, () =>
    admitted(store, name, (bucket) => store.metadata.buckets.setAbac(name, settings, bucket)),
  );
}
