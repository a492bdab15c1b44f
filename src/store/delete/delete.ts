import { GuardError } from "../../metadata/database.ts";
import type { News } from "../../metadata/events/outbox.ts";
import type {
  ConditionalRemoval,
  DoomedVersion,
  PlacedMarker,
  RemovalCondition,
} from "../../metadata/objects/removals.ts";
import { admitted, recallAdmitted } from "../buckets/admission.ts";
import { headBucket } from "../buckets/buckets.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newsOf } from "../news.ts";
import { newId } from "../placement/ids.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketName, ObjectKey } from "../types.ts";
import { formatVersionId, parseVersionId } from "../version-id.ts";

/** Condition on what the key names now. */
export type DeleteCondition = RemovalCondition;

export interface Deletion {
  key: ObjectKey;
  /**
   * As S3 prints it: removes this version permanently. Absent: deletes the key, which may leave a
   * delete marker.
   */
  versionId?: string;
  /** For keys only, not for versions. A key may appear with one condition at most. */
  condition?: DeleteCondition;
}

/**
 * `locked`: retention or a legal hold protects the version. `unmet`: the condition does not hold.
 * `absent`: there was a condition, and no object.
 */
export type DeletionRefusal = "locked" | "unmet" | "absent";

/** Result of a deletion. Deleting what does not exist succeeds. */
export interface DeletionResult {
  /** A delete marker was placed, or (with a version id) removed. */
  deleteMarker: boolean;
  /** Version id of the marker that was placed. */
  markerVersionId?: string;
  /** null: it was done. Otherwise nothing was changed. */
  refusal: DeletionRefusal | null;
}

export interface DeleteObjects {
  bucket: BucketName;
  /** At most 1,000. */
  deletions: readonly Deletion[];
  /**
   * Passes over retention in governance mode. If it is set at all, the bucket must have object
   * lock.
   */
  bypassGovernance?: boolean | undefined;
}

/** How often a deletion is repeated if the bucket's versioning changes meanwhile. */
const ATTEMPTS_MAX = 3;
const DONE: DeletionResult = { deleteMarker: false, refusal: null };

/**
 * Deletes up to 1,000 keys and versions; the results are in the order of the deletions. Keys, keys
 * with conditions, and versions take one D1 batch each. What is dropped becomes trash; no shard is
 * touched. Throws `StoreError` no-such-bucket, no-such-version (an id that no version can have),
 * no-object-lock, conflict, metadata-unavailable.
 */
export async function deleteObjects(store: StoreContext, request: DeleteObjects): Promise<DeletionResult[]> {
  const { deletions } = request;
  const versions = deletions.filter(({ versionId }) => versionId !== undefined);
  const keys = deletions.filter(({ versionId, condition }) => versionId === undefined && !condition);
  const conditional = deletions.filter(({ versionId, condition }) => versionId === undefined && condition);
  const results = new Map([
    ...(await deleteKeys(store, request, keys)),
    ...(await deleteMatching(store, request, conditional)),
    ...(await removeVersions(store, request, versions)),
  ]);
  return deletions.map((deletion) => results.get(deletion) ?? DONE);
}

/**
 * Deletes one key or one version. Throws as `deleteObjects`, `object-locked`, and for the condition
 * precondition-failed or precondition-no-such-key.
 */
export async function deleteObject(
  store: StoreContext,
  request: Deletion & Omit<DeleteObjects, "deletions">,
): Promise<DeletionResult> {
  const { key, versionId, condition } = request;
  if (versionId === undefined)
    return (await deleteKeys(store, request, [{ key }], condition)).values().next().value ?? DONE;
  const [result] = [...(await removeVersions(store, request, [{ key, versionId }])).values()];
  if (result?.refusal === "locked") throw new StoreError({ kind: "object-locked", key });
  return result ?? DONE;
}

type DeletionScope = Omit<DeleteObjects, "deletions">;
type Results = Map<Deletion, DeletionResult>;

async function deleteKeys(
  store: StoreContext,
  request: DeletionScope,
  deletions: readonly Deletion[],
  condition?: DeleteCondition,
): Promise<Results> {
  if (deletions.length === 0) return new Map();
  const pairs = [...new Set(deletions.map(({ key }) => key))].map((key) => [key, newId(store)] as const);
  const markers = await underRules(store, request, deletions, (bucket) =>
    store.metadata.removals.current(bucket, pairs, store.clock.now(), { condition, news: removalNews(store, bucket) }),
  );
  return new Map(deletions.map((deletion) => [deletion, ofMarker(markers.find(({ key }) => key === deletion.key))]));
}

async function deleteMatching(
  store: StoreContext,
  request: DeletionScope,
  deletions: readonly Deletion[],
): Promise<Results> {
  if (deletions.length === 0) return new Map();
  const removals = deletions.map(
    ({ key, condition = {} }): ConditionalRemoval => ({ key, markerId: newId(store), condition }),
  );
  const { present, removed, markers } = await underRules(store, request, deletions, (bucket) =>
    store.metadata.removals.matching(bucket, removals, store.clock.now(), removalNews(store, bucket)),
  );
  const [wasPresent, wasRemoved] = [new Set(present), new Set(removed)];
  const placed = new Map(markers.map((marker) => [marker.key, marker]));
  return new Map(
    deletions.map((deletion): [Deletion, DeletionResult] => {
      const { key } = deletion;
      if (wasRemoved.has(key)) return [deletion, ofMarker(placed.get(key))];
      return [deletion, { deleteMarker: false, refusal: wasPresent.has(key) ? "unmet" : "absent" }];
    }),
  );
}

function removalNews(store: StoreContext, { versioning }: Bucket): News {
  return newsOf(store, versioning === null ? "ObjectRemoved:Delete" : "ObjectRemoved:DeleteMarkerCreated");
}

/**
 * Runs a deletion of keys under the remembered rules of the bucket. If the rules are others, runs
 * it again with those.
 */
async function underRules<T>(
  store: StoreContext,
  { bucket: name, bypassGovernance }: DeletionScope,
  deletions: readonly Deletion[],
  run: (bucket: Bucket) => Promise<T>,
): Promise<T> {
  const subject = { bucket: name, key: deletions[0]?.key ?? "" };
  for (let attempt = 1; ; attempt++) {
    // A remembered state is tried once. It is not certain, so it cannot decide whether governance
    // may be bypassed.
    const mayRecall = attempt === 1 && bypassGovernance === undefined;
    const remembered = mayRecall ? recallAdmitted(store, name) : null;
    const bucket = remembered ?? (await headBucket(store, name));
    if (bypassGovernance !== undefined && bucket.objectLock === null) throw noObjectLock(name);
    try {
      return await withMetadata(subject, () => run(bucket));
    } catch (error) {
      if (!isBucketChanged(error) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function removeVersions(
  store: StoreContext,
  { bucket, bypassGovernance }: DeletionScope,
  deletions: readonly Deletion[],
): Promise<Results> {
  if (deletions.length === 0) return new Map();
  const doomed = deletions.map(doomedVersion);
  const options = { nowMs: store.clock.now(), bypassGovernance, news: newsOf(store, "ObjectRemoved:Delete") };
  const removed = await withMetadata({ bucket }, () =>
    admitted(store, bucket, (admittedTo) =>
      store.metadata.removals.versions(bucket, doomed, { ...options, admitted: admittedTo }),
    ),
  ).catch((error: unknown) => {
    throw isBucketChanged(error) ? noObjectLock(bucket, error) : error;
  });
  const found = new Map(removed.map((version) => [`${formatVersionId(version)} ${version.key}`, version]));
  return new Map(
    deletions.map((deletion) => {
      const version = found.get(`${deletion.versionId} ${deletion.key}`);
      const refusal = version?.isLocked ? ("locked" as const) : null;
      return [deletion, { deleteMarker: refusal === null && version?.isMarker === true, refusal }];
    }),
  );
}

function doomedVersion({ key, versionId = "" }: Deletion): DoomedVersion {
  const ref = parseVersionId(versionId);
  if (!ref) throw new StoreError({ kind: "no-such-version", key, versionId });
  return { key, version: ref.kind === "null" ? "null" : { seq: ref.seq, id: ref.id } };
}

function ofMarker(marker: PlacedMarker | undefined): DeletionResult {
  if (!marker) return DONE;
  return { deleteMarker: true, markerVersionId: formatVersionId(marker), refusal: null };
}

function noObjectLock(bucket: BucketName, cause?: unknown): StoreError {
  return new StoreError({ kind: "no-object-lock", bucket, asked: "bypass" }, { cause });
}

function isBucketChanged(error: unknown): boolean {
  return error instanceof StoreError && error.cause instanceof GuardError && error.cause.guard === "bucket_changed";
}
