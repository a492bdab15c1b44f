import { GuardError } from "../../metadata/database.ts";
import type { BucketRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketName, ObjectAccess } from "../types.ts";

/** How often a change is decided again because the bucket's access settings were changed under it. */
const ATTEMPTS_MAX = 3;

/**
 * Runs a change that need not look at its bucket first. It is decided on what the bucket probably is, and `run` guards its batch with
 * that; if it was something else, the bucket is read and the change decided again. So it costs a round trip more only in a bucket with
 * settings that were not remembered, or if it is refused. `run` gets null if nobody asks. Throws what the gate and `run` throw, and
 * `StoreError` no-such-bucket.
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

/** The bucket as it is remembered, or as it probably is; null if the request would be refused there, which nobody is told unread. */
function likelyBucket(store: StoreContext, name: BucketName): Bucket | null {
  const { gate, metadata, clock } = store;
  const bucket = metadata.buckets.recall(name, clock.now()) ?? gate?.guess(name) ?? null;
  if (!bucket || !gate?.allows(bucket)) return null;
  gate.bucket(bucket);
  return bucket;
}

/**
 * Before a request's body is touched: makes sure of what seems to be denied, and refuses it. `confirm` makes sure of the caller. Costs
 * nothing if the request would pass in the bucket as it is remembered, or as it probably is.
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
 * The same before something else than the bucket is looked up. A caller who is nobody's could otherwise ask in the name of a bucket that
 * is not there. Throws `StoreError` no-such-bucket besides.
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

/** The bucket as it is remembered, if the request may pass there. */
export function recallAdmitted(store: StoreContext, name: BucketName): Bucket | null {
  const { gate, metadata, clock } = store;
  const bucket = metadata.buckets.recall(name, clock.now());
  if (!bucket || !gate) return bucket;
  if (!gate.allows(bucket)) return null;
  gate.bucket(bucket);
  return bucket;
}

/** Runs a change that looks at its bucket first, and again if the bucket's access settings were changed before its batch. */
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
 * After a commit that failed: the bucket as it is now, if that is why it failed and the request may still pass. null: it failed for
 * something else. Throws to refuse, and `StoreError` no-such-bucket.
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

/** Whose a new object in the bucket is, and its ACL, for its row. */
export function newObjectAccess({ gate }: StoreContext, bucket: Bucket): ObjectAccess {
  return gate?.newObject(bucket) ?? {};
}

function isAccessChanged(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "bucket_access_changed";
}

/** The row, if the request may pass there, or the failure that the bucket does not exist. */
export function foundBucket(
  { gate }: Pick<StoreContext, "gate">,
  row: BucketRow | null | undefined,
  bucket: BucketName,
): Bucket {
  if (!row) throw new StoreError({ kind: "no-such-bucket", bucket });
  gate?.bucket(row);
  return row;
}
