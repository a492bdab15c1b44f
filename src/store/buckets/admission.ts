import { GuardError } from "../../metadata/database.ts";
import type { BucketRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketName, ObjectAccess } from "../types.ts";

/** How often a change is decided again if the bucket's access settings change meanwhile. */
const ATTEMPTS_MAX = 3;

/**
 * Runs a change that does not have to read its bucket first. The change is decided on the expected
 * state of the bucket, and `run` makes that state a guard of its batch. If the guard fails, the
 * bucket is read and the change is decided again. So an additional round trip occurs only if the
 * bucket has settings that were not remembered, or if the request is refused. `run` gets null if
 * there is no gate. Throws the errors of the gate and of `run`, and `StoreError` no-such-bucket.
 */
export async function admitted<T>(
  store: StoreContext,
  name: BucketName,
  run: (bucket: Bucket | null) => Promise<T>,
): Promise<T> {
  if (!store.gate) return run(null);
  for (let attempt = 1; ; attempt++) {
    const likely = attempt === 1 ? likelyBucket(store, name) : null;
    const bucket = likely ?? foundBucket(store, await store.metadata.buckets.learn(name, store.clock.now()), name);
    try {
      return await run(bucket);
    } catch (error) {
      if (!isAccessChanged(error) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

/**
 * The bucket as remembered or expected; null if the request would be refused there. A refusal is
 * never sent without reading the bucket.
 */
function likelyBucket(store: StoreContext, name: BucketName): Bucket | null {
  const { gate, metadata, clock } = store;
  const bucket = metadata.buckets.recall(name, clock.now()) ?? gate?.guess(name) ?? null;
  if (!bucket || !gate?.allows(bucket)) return null;
  gate.bucket(bucket);
  return bucket;
}

/**
 * Confirms and throws a refusal before a request's body is read. `confirm` verifies the caller.
 * Costs nothing if the request would pass in the bucket as remembered or expected.
 */
export async function admitFirst(store: StoreContext, name: BucketName, confirm: () => Promise<void>): Promise<void> {
  const { gate, metadata, clock } = store;
  if (!gate) return;
  const likely = metadata.buckets.recall(name, clock.now()) ?? gate.guess(name);
  if (likely && gate.allows(likely)) return;
  const bucket = await withMetadata({ bucket: name }, () => metadata.buckets.learn(name, clock.now()));
  if (!bucket || gate.allows(bucket)) return;
  await confirm();
  gate.bucket(bucket);
}

/**
 * The same before anything but the bucket is looked up. Otherwise an anonymous caller could make
 * requests in the name of a bucket that does not exist. Throws also `StoreError` no-such-bucket.
 */
export async function admitStranger(
  store: StoreContext,
  name: BucketName,
  confirm: () => Promise<void>,
): Promise<void> {
  await admitFirst(store, name, confirm);
  if (!store.gate || store.gate.guess(name) !== null) return;
  const { buckets } = store.metadata;
  foundBucket(store, await withMetadata({ bucket: name }, () => buckets.learn(name, store.clock.now())), name);
}

/** The remembered bucket, if the request may pass there. */
export function recallAdmitted(store: StoreContext, name: BucketName): Bucket | null {
  const { gate, metadata, clock } = store;
  const bucket = metadata.buckets.recall(name, clock.now());
  if (!bucket || !gate) return bucket;
  if (!gate.allows(bucket)) return null;
  gate.bucket(bucket);
  return bucket;
}

/**
 * Runs a change that reads its bucket first. Repeats it if the bucket's access settings changed
 * before its batch.
 */
export async function underAccess<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const changed = isAccessChanged(error) || (error instanceof StoreError && isAccessChanged(error.cause));
      if (!changed || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

/**
 * After a failed commit: the bucket as it is now, if a change of the bucket made the commit fail
 * and the request may still pass. null: the commit failed for another reason. Throws to refuse, and
 * `StoreError` no-such-bucket.
 */
export async function readmitted(store: StoreContext, bucket: Bucket, error: unknown): Promise<Bucket | null> {
  if (!(error instanceof StoreError) || !isAccessChanged(error.cause)) return null;
  const { name } = bucket;
  return withMetadata({ bucket: name }, async () => {
    const found = foundBucket(store, await store.metadata.buckets.learn(name, store.clock.now()), name);
    if (found.id !== bucket.id) throw new StoreError({ kind: "no-such-bucket", bucket: name }, { cause: error });
    return found;
  });
}

/** Owner and ACL of a new object in the bucket, for its row. */
export function newObjectAccess({ gate }: StoreContext, bucket: Bucket): ObjectAccess {
  return gate?.newObject(bucket) ?? {};
}

function isAccessChanged(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "bucket_access_changed";
}

/** The row, if the request may pass there; otherwise the failure that the bucket does not exist. */
export function foundBucket(
  { gate }: Pick<StoreContext, "gate">,
  row: BucketRow | null | undefined,
  bucket: BucketName,
): Bucket {
  if (!row) throw new StoreError({ kind: "no-such-bucket", bucket });
  gate?.bucket(row);
  return row;
}
