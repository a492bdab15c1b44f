import type { ReadWindow } from "../metadata/objects.ts";
import { foundBucket } from "./buckets.ts";
import type { StoreContext } from "./context.ts";
import { StoreError } from "./failure.ts";
import { ObjectBody } from "./object-body.ts";
import { objectHead } from "./object-head.ts";
import { withMetadata } from "./translate-metadata.ts";
import type { BucketName, ObjectHead, ObjectKey, OutgoingBody } from "./types.ts";

export interface ObjectName {
  bucket: BucketName;
  key: ObjectKey;
}

/** What will probably be read of an object. Only a hint: a wrong one costs a round trip, never a wrong byte. */
export type ReadHint = { offset: number; length: number | null } | { suffix: number } | { partNumber: number };

export interface OpenObject {
  head: ObjectHead;
  /** Opens bytes of this very version; resolves when the first of them are verified. Throws `StoreError` drives-unavailable. */
  read(range: { offset: number; length: number }): Promise<OutgoingBody>;
}

/** All about an object but its bytes, in one D1 round trip. Throws `StoreError` no-such-bucket, no-such-key. */
export async function headObject(store: StoreContext, name: ObjectName): Promise<ObjectHead> {
  const found = await withMetadata(name, () => store.metadata.objects.head(name.bucket, name.key));
  foundBucket(found?.bucket, name.bucket);
  if (!found?.object) throw new StoreError({ kind: "no-such-key", key: name.key });
  return objectHead(found.object);
}

/** An object and where its bytes are, in one D1 round trip. Throws `StoreError` no-such-bucket, no-such-key. */
export async function openObject(store: StoreContext, name: ObjectName & { hint?: ReadHint }): Promise<OpenObject> {
  const window = windowOf(name.hint);
  const found = await withMetadata(name, () => store.metadata.objects.open(name.bucket, name.key, window));
  foundBucket(found?.bucket, name.bucket);
  const object = found?.object;
  if (!object) throw new StoreError({ kind: "no-such-key", key: name.key });
  return {
    head: objectHead(object),
    read: async (range) => {
      const body = new ObjectBody(store, object, found.blobs, range);
      await body.ready();
      return body;
    },
  };
}

/** Deletes keys (at most 1,000) in one D1 round trip; absent ones are as good as deleted. Throws `StoreError` no-such-bucket. */
export async function deleteObjects(
  store: StoreContext,
  { bucket, keys }: { bucket: BucketName; keys: readonly ObjectKey[] },
): Promise<void> {
  await withMetadata({ bucket }, () => store.metadata.objects.delete(bucket, keys, store.clock.now()));
}

/** Deletes one key; see `deleteObjects`. */
export async function deleteObject(store: StoreContext, { bucket, key }: ObjectName): Promise<void> {
  await deleteObjects(store, { bucket, keys: [key] });
}

function windowOf(hint: ReadHint | undefined): ReadWindow {
  if (hint === undefined || "partNumber" in hint) return { offset: 0, length: null };
  if ("suffix" in hint) return { offset: hint.suffix === 0 ? 0 : -hint.suffix, length: null };
  return hint;
}
