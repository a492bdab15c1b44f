import { GuardError } from "../metadata/database.ts";
import type { DoomedVersion, PlacedMarker, RemovalCondition, RemovedVersion } from "../metadata/removals.ts";
import { headBucket } from "./buckets.ts";
import type { StoreContext } from "./context.ts";
import { StoreError } from "./failure.ts";
import { newId } from "./ids.ts";
import { withMetadata } from "./translate-metadata.ts";
import type { BucketName, ObjectKey } from "./types.ts";
import { formatVersionId, parseVersionId } from "./version-id.ts";

export type DeleteCondition = RemovalCondition;

export interface Deletion {
  key: ObjectKey;
  /** As S3 prints it: that version is removed for good. Absent: the key is deleted, which may leave a delete marker. */
  versionId?: string;
}

/** What became of a deletion. Deleting what is not there succeeds. */
export interface DeletionResult extends Deletion {
  /** A delete marker was placed, or (with a version id) removed. */
  deleteMarker: boolean;
  /** Version id of the marker that was placed. */
  markerVersionId?: string;
  /** Nothing was removed: retention or a legal hold protects the version. */
  locked: boolean;
}

export interface DeleteObjects {
  bucket: BucketName;
  /** At most 1,000. */
  deletions: readonly Deletion[];
  /** Retention in governance mode does not protect. */
  bypassGovernance?: boolean;
}

/** How often a deletion is tried again because the bucket's versioning was changed under it. */
const ATTEMPTS_MAX = 3;

/**
 * Deletes up to 1,000 keys and versions; the results are in the order of the deletions. Each of the two kinds is one D1 batch.
 * What is dropped becomes trash; no shard is touched. Throws `StoreError` no-such-bucket, no-such-version (an id that no version
 * can have), conflict, metadata-unavailable.
 */
export async function deleteObjects(store: StoreContext, request: DeleteObjects): Promise<DeletionResult[]> {
  const { bucket, deletions, bypassGovernance = false } = request;
  const doomed = deletions.flatMap((deletion) => doomedVersion(deletion) ?? []);
  const keys = [...new Set(deletions.flatMap(({ key, versionId }) => (versionId === undefined ? [key] : [])))];
  const markers = new Map((await deleteKeys(store, bucket, keys)).map((marker) => [marker.key, marker]));
  const removed = doomed.length === 0 ? [] : await removeVersions(store, bucket, doomed, bypassGovernance);
  const removedById = new Map(removed.map((version) => [`${formatVersionId(version)} ${version.key}`, version]));
  return deletions.map((deletion) => {
    const { key, versionId } = deletion;
    if (versionId === undefined) {
      const marker = markers.get(key);
      if (!marker) return { ...deletion, deleteMarker: false, locked: false };
      return { ...deletion, deleteMarker: true, markerVersionId: formatVersionId(marker), locked: false };
    }
    const version = removedById.get(`${versionId} ${key}`);
    return { ...deletion, deleteMarker: version?.isMarker ?? false, locked: version?.isLocked ?? false };
  });
}

/**
 * Deletes one key or one version. Throws as `deleteObjects`, `object-locked`, and for the condition precondition-failed or
 * precondition-no-such-key.
 */
export async function deleteObject(
  store: StoreContext,
  request: Deletion & { bucket: BucketName; bypassGovernance?: boolean; condition?: DeleteCondition },
): Promise<DeletionResult> {
  const { bucket, bypassGovernance = false, condition, ...deletion } = request;
  if (condition && deletion.versionId === undefined) {
    const [marker] = await deleteKeys(store, bucket, [deletion.key], condition);
    const placed = marker ? { markerVersionId: formatVersionId(marker) } : {};
    return { ...deletion, deleteMarker: marker !== undefined, ...placed, locked: false };
  }
  const [result] = await deleteObjects(store, { bucket, deletions: [deletion], bypassGovernance });
  if (result?.locked) throw new StoreError({ kind: "object-locked", key: deletion.key });
  return result as DeletionResult;
}

function doomedVersion({ key, versionId }: Deletion): DoomedVersion[] | null {
  if (versionId === undefined) return null;
  const ref = parseVersionId(versionId);
  if (!ref) throw new StoreError({ kind: "no-such-version", key, versionId });
  return [{ key, version: ref.kind === "null" ? "null" : { seq: ref.seq, id: ref.id } }];
}

async function deleteKeys(
  store: StoreContext,
  bucketName: BucketName,
  keys: readonly ObjectKey[],
  condition?: DeleteCondition,
): Promise<PlacedMarker[]> {
  if (keys.length === 0) return [];
  const subject = { bucket: bucketName, key: keys[0] as string };
  const pairs = keys.map((key) => [key, newId(store)] as const);
  for (let attempt = 1; ; attempt++) {
    const bucket = await headBucket(store, bucketName);
    try {
      return await withMetadata(subject, () =>
        store.metadata.removals.current(bucket, pairs, store.clock.now(), condition),
      );
    } catch (error) {
      const changed = error instanceof StoreError && isBucketChanged(error.cause);
      if (!changed || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

function isBucketChanged(cause: unknown): boolean {
  return cause instanceof GuardError && cause.guard === "bucket_changed";
}

function removeVersions(
  store: StoreContext,
  bucket: BucketName,
  doomed: readonly DoomedVersion[],
  bypassGovernance: boolean,
): Promise<RemovedVersion[]> {
  return withMetadata({ bucket }, () =>
    store.metadata.removals.versions(bucket, doomed, { nowMs: store.clock.now(), bypassGovernance }),
  );
}
