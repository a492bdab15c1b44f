import type { OutgoingBody } from "../../base/outgoing-body.ts";
import type { FoundHead, MarkerRow, ReadWindow, VersionRef } from "../../metadata/objects/objects.ts";
import { foundBucket } from "../buckets/admission.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import type { CustomerKey } from "../sealed/encryption.ts";
import { checkCustomerKey, openContent, openSealing } from "../sealed/open-content.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, BucketName, ObjectHead, ObjectKey } from "../types.ts";
import { formatVersionId, parseVersionId } from "../version-id.ts";
import { ObjectBody } from "./object-body.ts";
import { objectHead } from "./object-head.ts";

export interface ObjectName {
  bucket: BucketName;
  key: ObjectKey;
  /** As S3 prints it; absent: the current version. */
  versionId?: string;
  /** The client's key of an object that was encrypted with one (SSE-C). */
  customerKey?: CustomerKey | null;
}

/** Expected range of the read. Only a hint: a wrong one costs a round trip, never a wrong byte. */
export type ReadHint = { offset: number; length: number | null } | { suffix: number } | { partNumber: number };

export interface OpenObject {
  bucket: Bucket;
  head: ObjectHead;
  /**
   * Opens bytes of this very version; resolves when the first of them are verified. Throws
   * `StoreError` drives-unavailable, kms, sealed-shut.
   */
  read(range: { offset: number; length: number }): Promise<OutgoingBody>;
}

/**
 * Everything about an object except its bytes, in one D1 round trip. Throws `StoreError`
 * no-such-bucket, no-such-key, no-such-version, is-delete-marker, customer-key-missing,
 * customer-key-unexpected, customer-key-wrong; with `mustOpen` also kms, if the caller may not use
 * the key.
 */
export async function headObject(store: StoreContext, name: HeadName): Promise<ObjectHead> {
  return (await headObjectIn(store, name)).head;
}

/** `ignoresKey`: the result has nothing that a client's key (SSE-C) protects. */
type HeadName = ObjectName & { mustOpen?: boolean; ignoresKey?: boolean };

/** The same with its bucket. */
export async function headObjectIn(store: StoreContext, name: HeadName): Promise<{ bucket: Bucket; head: ObjectHead }> {
  const ref = { ...name, version: versionRef(name) };
  const found = await withMetadata(name, () => store.metadata.objects.head(ref));
  const { bucket, object } = foundVersion(store, found, name);
  const { customerKey = null } = name;
  if (!name.ignoresKey) checkCustomerKey({ ...object, bucket }, customerKey);
  if (name.mustOpen) await openSealing(store, { ...object, bucket }, customerKey);
  return { bucket, head: objectHead(object, bucket) };
}

/** An object and the places of its bytes, in one D1 round trip. Throws as `headObject`. */
export async function openObject(store: StoreContext, name: ObjectName & { hint?: ReadHint }): Promise<OpenObject> {
  const ref = { ...name, version: versionRef(name) };
  const found = await withMetadata(name, () => store.metadata.objects.open(ref, windowOf(name.hint)));
  const { bucket, object } = foundVersion(store, found, name);
  const { customerKey = null } = name;
  checkCustomerKey({ ...object, bucket }, customerKey);
  // A KMS is asked once for any number of ranges.
  let opening: ReturnType<typeof openContent> | undefined;
  return {
    bucket,
    head: objectHead(object, bucket),
    read: async (range) => {
      if (object.storageClass === "INTELLIGENT_TIERING") {
        const database = store.metadata.identity.name;
        store.accesses?.note({ database, bucketId: bucket.id, versionId: object.id });
      }
      opening ??= openContent(store, { ...object, bucket }, customerKey);
      const content = await opening;
      const body = new ObjectBody(store, content, found?.blobs ?? [], range);
      await body.ready();
      return body;
    },
  };
}

/**
 * The version that an id names. Throws `StoreError` no-such-version if no version can have the id.
 */
export function versionRef({ key, versionId }: ObjectName): VersionRef {
  if (versionId === undefined) return { kind: "current" };
  const ref = parseVersionId(versionId);
  if (!ref) throw new StoreError({ kind: "no-such-version", key, versionId });
  return ref;
}

/**
 * The object that was found, if the request may see it; otherwise the failure that says why there
 * is none. `hiddenKey`: the failure if a delete marker hides the key.
 */
export function foundVersion<Found extends FoundHead>(
  store: Pick<StoreContext, "gate">,
  found: Found | null,
  name: ObjectName,
  { hiddenKey }: { hiddenKey: "no-such-key" | "is-delete-marker" } = { hiddenKey: "no-such-key" },
): { bucket: Bucket; object: NonNullable<Found["object"]> } {
  const { bucket: bucketName, key, versionId } = name;
  const bucket = foundBucket(store, found?.bucket, bucketName);
  store.gate?.object(bucket, name, found?.object ? objectHead(found.object, bucket) : null);
  if (found?.object) return { bucket, object: found.object };
  const marker = found?.marker ?? null;
  if (marker && hiddenKey === "is-delete-marker") throw isDeleteMarker(marker);
  if (versionId === undefined) {
    throw new StoreError({ kind: "no-such-key", key, ...(marker ? { deleteMarker: formatVersionId(marker) } : {}) });
  }
  if (marker) throw isDeleteMarker(marker);
  throw new StoreError({ kind: "no-such-version", key, versionId });
}

function isDeleteMarker(marker: MarkerRow): StoreError {
  const versionId = formatVersionId(marker);
  return new StoreError({ kind: "is-delete-marker", versionId, modifiedMs: marker.modifiedMs });
}

function windowOf(hint: ReadHint | undefined): ReadWindow {
  if (hint === undefined || "partNumber" in hint) return { offset: 0, length: null };
  if ("suffix" in hint) return { offset: hint.suffix === 0 ? 0 : -hint.suffix, length: null };
  return hint;
}
