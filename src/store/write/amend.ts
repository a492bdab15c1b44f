import type { Amendment } from "../../metadata/objects/amendments.ts";
import { admitted, foundBucket } from "../buckets/admission.ts";
import { tagRows } from "../buckets/lock-and-tags.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { objectHead } from "../read/object-head.ts";
import { foundVersion, type ObjectName, versionRef } from "../read/objects.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, Grant, ObjectAccess, ObjectEncryption, ObjectHead, ObjectLock, Retention, Tags } from "../types.ts";

/**
 * Tags, retention and legal hold of a version, read and changed in place, each in one D1 round trip. All throw `StoreError`
 * no-such-bucket, no-such-key, no-such-version, is-delete-marker (also where one hides the key), metadata-unavailable.
 */

/** The version that was found, as S3 prints it; absent where the bucket never had versions. */
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
  return amend(store, name, { tags: tagRows(tags) });
}

/**
 * Sets the ACL; null: full control for the owner. It depends on the bucket and the version, so both are read first: two round trips,
 * one if it stays as it is.
 */
export async function putAcl(
  store: StoreContext,
  name: ObjectName,
  acl: (bucket: Bucket, object: ObjectHead) => readonly Grant[] | null | "unchanged",
): Promise<AmendedVersion> {
  const found = await withMetadata(name, () => store.metadata.objects.head({ ...name, version: versionRef(name) }));
  const { bucket, object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
  const head = objectHead(object, bucket);
  const wanted = acl(bucket, head);
  return wanted === "unchanged" ? versionOf(head) : amend(store, name, { acl: wanted });
}

/** Throws also no-object-lock. */
export async function readLock(store: StoreContext, name: ObjectName): Promise<ObjectLock> {
  const ref = { ...name, version: versionRef(name) };
  const found = await withMetadata(name, () => store.metadata.objects.head(ref));
  const owning = foundBucket(store, found?.bucket, name.bucket);
  // Whether the bucket has object lock is for those to know who may ask.
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
 * Sets the retention, or ends it (null). Throws also no-object-lock, and object-locked where the version is protected better
 * now: retention in compliance mode can only be extended, in governance mode it needs `bypassGovernance` for anything else.
 */
export function putRetention(
  store: StoreContext,
  name: ObjectName,
  { retention, bypassGovernance }: { retention: Retention | null; bypassGovernance: boolean },
): Promise<AmendedVersion> {
  const { mode = null, untilMs = null } = retention ?? {};
  const nowMs = store.clock.now();
  return amend(store, name, { retention: { retainMode: mode, retainUntilMs: untilMs }, nowMs, bypassGovernance });
}

/** Sets what the row says of its encryption. False if its sealed key is not `sealed` any more, or the version is gone. */
export async function amendEncryption(
  store: StoreContext,
  name: ObjectName,
  amendment: { encryption: ObjectEncryption; sealed: string },
): Promise<boolean> {
  return (await change(store, name, amendment))?.applied ?? false;
}

async function amend(store: StoreContext, name: ObjectName, amendment: Amendment): Promise<AmendedVersion> {
  const found = await change(store, name, amendment);
  if ("legalHold" in amendment || "retention" in amendment) {
    requireObjectLock(foundBucket(store, found?.bucket, name.bucket));
  }
  const { bucket, object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
  if (!found?.applied) throw new StoreError({ kind: "object-locked", key: name.key });
  return versionOf(objectHead(object, bucket));
}

function change(store: StoreContext, name: ObjectName, amendment: Amendment) {
  const ref = { ...name, version: versionRef(name) };
  return withMetadata(name, () =>
    admitted(store, name.bucket, async (into) => {
      if (!into) return store.metadata.amendments.amend(ref, amendment);
      const seen = store.gate?.anyObject(into) ? undefined : await lookAt(store, name);
      const exact = seen && !seen.isNull ? { kind: "id" as const, seq: seen.seq, id: seen.id } : ref.version;
      return store.metadata.amendments.amend({ ...ref, version: exact }, amendment, {
        bucket: into,
        ...(seen && { object: seen }),
      });
    }),
  );
}

/** The version that is to be amended, if the request may do so. */
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
