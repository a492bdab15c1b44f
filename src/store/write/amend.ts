import type { Amendment } from "../../metadata/objects/amendments.ts";
import { admitted, foundBucket } from "../buckets/admission.ts";
import { tagRows } from "../buckets/lock-and-tags.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { type EventName, newsOf } from "../news.ts";
import { lockRow, objectHead } from "../read/object-head.ts";
import { foundVersion, type ObjectName, versionRef } from "../read/objects.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, Grant, ObjectAccess, ObjectEncryption, ObjectHead, ObjectLock, Tags } from "../types.ts";
import { type Circumstances, changeRetention, type RetentionChange } from "./change-retention.ts";

/**
 * Tags, retention and legal hold of a version, read and changed in place, each in one D1 round
 * trip. All throw `StoreError` no-such-bucket, no-such-key, no-such-version, is-delete-marker (also
 * if one hides the key), metadata-unavailable.
 */

/** The version, as S3 prints it; absent if the bucket never had versions. */
export interface AmendedVersion {
  versionId?: string;
}

export async function readTags(store: StoreContext, name: ObjectName): Promise<AmendedVersion & { tags: Tags }> {
  const ref = { ...name, version: versionRef(name) };
  const found = await withMetadata(name, () => store.metadata.objects.head(ref));
  const { bucket, object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
  const { tags, ...head } = objectHead(object, bucket);
  return { tags, ...versionOf(head) };
}

/** Replaces all tags. */
export function putTags(store: StoreContext, name: ObjectName, tags: Tags): Promise<AmendedVersion> {
  return amend(store, name, { tags: tagRows(tags) }, { event: "ObjectTagging:Put" });
}

/** Removes all tags. */
export function deleteTags(store: StoreContext, name: ObjectName): Promise<AmendedVersion> {
  return amend(store, name, { tags: null }, { event: "ObjectTagging:Delete" });
}

/**
 * Sets the ACL; null: full control for the owner. The decision depends on the bucket and the
 * version, so both are read first: two round trips, or one if the ACL stays as it is.
 */
export async function putAcl(
  store: StoreContext,
  name: ObjectName,
  acl: (bucket: Bucket, object: ObjectHead) => Promise<readonly Grant[] | null | "unchanged">,
): Promise<AmendedVersion> {
  const found = await withMetadata(name, () => store.metadata.objects.head({ ...name, version: versionRef(name) }));
  const { bucket, object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
  const head = objectHead(object, bucket);
  const wanted = await acl(bucket, head);
  return wanted === "unchanged" ? versionOf(head) : amend(store, name, { acl: wanted }, { event: "ObjectAcl:Put" });
}

/** Throws also no-object-lock. */
export async function readLock(store: StoreContext, name: ObjectName): Promise<ObjectLock> {
  const ref = { ...name, version: versionRef(name) };
  const found = await withMetadata(name, () => store.metadata.objects.head(ref));
  const owning = foundBucket(store, found?.bucket, name.bucket);
  // Only callers with permission may learn whether the bucket has object lock.
  store.gate?.object(owning, name, found?.object ? objectHead(found.object, owning) : null);
  requireObjectLock(owning);
  const { bucket, object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
  return objectHead(object, bucket).lock;
}

/** Throws also no-object-lock. */
export function putLegalHold(store: StoreContext, name: ObjectName, legalHold: "ON" | "OFF"): Promise<AmendedVersion> {
  return amend(store, name, { legalHold });
}

/**
 * Sets the retention, or ends it (null). Throws also no-object-lock, no-retain-until-date, and
 * object-locked if the version's present protection is stronger: retention in compliance mode can
 * only be extended; in governance mode any other change needs `bypassGovernance`. With an event
 * hold, present or requested, the version is read first: two round trips more.
 */
export async function putRetention(
  store: StoreContext,
  name: ObjectName,
  { bypassGovernance, ...change }: RetentionChange & { bypassGovernance: boolean },
): Promise<AmendedVersion> {
  const circumstances = { nowMs: store.clock.now(), bypassGovernance };
  if (change.eventHold !== undefined) return putHold(store, name, change, circumstances);
  const { mode = null, untilMs = null } = change.retention ?? {};
  const plain = { retention: { retainMode: mode, retainUntilMs: untilMs }, ...circumstances };
  const refused = (object: ObjectHead) => {
    if (object.lock.eventHold?.status === "ON") return putHold(store, name, change, circumstances);
    throw new StoreError({ kind: "object-locked", key: name.key });
  };
  return amend(store, name, plain, { event: "ObjectRetention:Put", refused });
}

/**
 * Sets the encryption columns of the row. False if its sealed key is no longer `sealed`, the
 * version is gone, or retention or a hold protects it at `nowMs`.
 */
export async function amendEncryption(
  store: StoreContext,
  name: ObjectName,
  amendment: { encryption: ObjectEncryption; sealed: string; nowMs: number },
): Promise<boolean> {
  return (await amendVersion(store, name, amendment))?.applied ?? false;
}

/** How often the lock of a version is decided again if it changes meanwhile. */
const ATTEMPTS_MAX = 3;

async function putHold(
  store: StoreContext,
  name: ObjectName,
  change: RetentionChange,
  circumstances: Circumstances,
): Promise<AmendedVersion> {
  const attempt = async (left: number): Promise<AmendedVersion> => {
    const was = await readLock(store, name);
    const lock = changeRetention(was, change, circumstances);
    if (lock === "locked") throw new StoreError({ kind: "object-locked", key: name.key });
    if (lock === "no-date") throw new StoreError({ kind: "no-retain-until-date" });
    const refused = () => {
      if (left > 1) return attempt(left - 1);
      throw new StoreError({ kind: "conflict", what: "the lock of the object was changed meanwhile" });
    };
    return amend(store, name, { lock: lockRow(lock), was: lockRow(was) }, { event: "ObjectRetention:Put", refused });
  };
  return attempt(ATTEMPTS_MAX);
}

/** `refused`: called if the version does not allow the amendment. */
async function amend(
  store: StoreContext,
  name: ObjectName,
  amendment: Amendment,
  {
    event,
    refused = () => {
      throw new StoreError({ kind: "object-locked", key: name.key });
    },
  }: { event?: EventName; refused?: (object: ObjectHead) => Promise<AmendedVersion> } = {},
): Promise<AmendedVersion> {
  const found = await amendVersion(store, name, amendment, event);
  if ("legalHold" in amendment || "retention" in amendment || "lock" in amendment) {
    requireObjectLock(foundBucket(store, found?.bucket, name.bucket));
  }
  const { bucket, object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
  const head = objectHead(object, bucket);
  return found?.applied ? versionOf(head) : refused(head);
}

function amendVersion(store: StoreContext, name: ObjectName, amendment: Amendment, event?: EventName) {
  const news = event === undefined ? null : newsOf(store, event);
  const ref = { ...name, version: versionRef(name) };
  return withMetadata(name, () =>
    admitted(store, name.bucket, async (into) => {
      if (!into) return store.metadata.amendments.amend(ref, amendment, { news });
      const seen = store.gate?.anyObject(into) ? undefined : await lookAt(store, name);
      const exact = seen && !seen.isNull ? { kind: "id" as const, seq: seen.seq, id: seen.id } : ref.version;
      return store.metadata.amendments.amend({ ...ref, version: exact }, amendment, {
        admitted: { bucket: into, ...(seen && { object: seen }) },
        news,
      });
    }),
  );
}

/** The version to amend, if the request may do so. */
async function lookAt(store: StoreContext, name: ObjectName) {
  const found = await store.metadata.objects.head({ ...name, version: versionRef(name) });
  const { object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
  const { acl = null } = object.attributes as ObjectAccess;
  return { ...object, acl };
}

function requireObjectLock({ name, objectLock }: { name: string; objectLock: string | null }): void {
  if (objectLock === null) throw new StoreError({ kind: "no-object-lock", bucket: name, asked: "lock" });
}

function versionOf({ versionId }: { versionId?: string }): AmendedVersion {
  return versionId === undefined ? {} : { versionId };
}
