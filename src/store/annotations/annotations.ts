import type { OutgoingBody } from "../../base/outgoing-body.ts";
import type { NewAnnotation } from "../../metadata/annotations/annotation-rows.ts";
import {
  ANNOTATIONS_MAX,
  type AnnotatedVersion,
  type FoundAnnotation,
} from "../../metadata/annotations/annotations.ts";
import { GuardError } from "../../metadata/database.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newsOf } from "../news.ts";
import { newId } from "../placement/ids.ts";
import { ObjectBody } from "../read/object-body.ts";
import { objectHead } from "../read/object-head.ts";
import { foundVersion, type ObjectName, versionRef } from "../read/objects.ts";
import type { NewSealing } from "../sealed/new-sealing.ts";
import { encryptionOf, openSealing, type SealedRow } from "../sealed/open-content.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { IncomingBody, ObjectChecksum, ObjectEncryption, ObjectHead } from "../types.ts";
import { isProtected } from "../write/change-retention.ts";
import { confirmCommit } from "../write/confirm-commit.ts";
import { annotationKey, requireAnnotatable } from "./seal-annotations.ts";
import { writeContent } from "./write-content.ts";

/*
 * Annotations: up to 1,000 named payloads of a version, which come and go without altering it. They go with the version, and to
 * copies of it. Those of an encrypted version are sealed under its key. All functions throw `StoreError` no-such-bucket, no-such-key, no-such-version, is-delete-marker, metadata-unavailable.
 */

/** An annotation, without its bytes. */
export interface Annotation {
  name: string;
  sizeBytes: number;
  /** MD5 in hex, without quotes. */
  etag: string;
  modifiedMs: number;
  checksum: ObjectChecksum;
}

/** The version, as S3 prints it; absent if the bucket never had versions. */
export interface OfVersion {
  versionId?: string;
}

/** How an annotation is encrypted; absent: it is plain. */
export interface AnnotationEncryption {
  encryption?: ObjectEncryption["form"];
}

/** Options of a change of annotations. */
export interface AnnotationCondition {
  /** The required ETag of the object, without quotes. */
  objectEtag?: string;
  /** Retention in governance mode does not protect the object's annotations. */
  bypassGovernance: boolean;
}

/** How often a change is decided again if the version changes meanwhile. */
const ATTEMPTS_MAX = 3;

/**
 * One annotation, with a function that reads its bytes. One D1 round trip. Throws also
 * no-such-annotation, drives-unavailable; if it is encrypted, the errors of `openSealing`.
 */
export async function openAnnotation(
  store: StoreContext,
  object: ObjectName,
  name: string,
): Promise<OfVersion & AnnotationEncryption & { annotation: Annotation; read(): Promise<OutgoingBody> }> {
  const { found, head, row } = await look(store, object, name);
  const { annotation, blobs } = found;
  if (!annotation) throw new StoreError({ kind: "no-such-annotation", key: object.key, name });
  const { extents, inlineBody, id: _, layers, ...described } = annotation;
  return {
    annotation: { ...described, checksum: described.checksum as ObjectChecksum },
    ...versionOf(head),
    ...(layers > 0 && encryptedAs(row)),
    read: async () => {
      // An annotation that is older than the encryption of annotations is plain.
      const sealing = layers > 0 ? await openSealing(store, row, null) : null;
      const objectKey = annotationKey(annotation, sealing);
      const body = new ObjectBody(store, { extents, inlineBody, objectKey }, blobs, {
        offset: 0,
        length: annotation.sizeBytes,
      });
      await body.ready();
      return body;
    },
  };
}

/**
 * A page of a version's annotations, by name. One D1 round trip. `next`: name at which the next
 * page begins.
 */
export async function listAnnotations(
  store: StoreContext,
  object: ObjectName,
  page: { prefix: string; after: string; limit: number },
): Promise<OfVersion & { annotations: Annotation[]; next?: string }> {
  const ref = { ...object, version: versionRef(object) };
  const found = await withMetadata(object, () => store.metadata.annotations.list(ref, page));
  const { bucket, object: row } = foundVersion(store, found, object);
  const rows = found?.annotations ?? [];
  const annotations = rows.slice(0, page.limit).map(({ id: _, layers: _layers, ...described }) => ({
    ...described,
    checksum: described.checksum as ObjectChecksum,
  }));
  const last = annotations.at(-1);
  return {
    annotations,
    ...versionOf(objectHead(row, bucket)),
    ...(rows.length > page.limit && last ? { next: last.name } : {}),
  };
}

/**
 * Sets an annotation: two D1 round trips. The replaced one becomes trash. Throws also the errors of
 * the body and of `openSealing`, object-locked, precondition-failed, too-many-annotations,
 * not-annotatable, conflict, no-space, drives-unavailable.
 */
export async function putAnnotation(
  store: StoreContext,
  object: ObjectName,
  { name, body, ...condition }: AnnotationCondition & { name: string; body: IncomingBody },
): Promise<OfVersion & AnnotationEncryption & Annotation> {
  const id = newId(store);
  const first = await requireChangeable(store, object, { name, ...condition });
  const sealing = await sealingFor(store, first);
  const { storageClass } = first.head;
  const written = await writeContent(store, id, { body, storageClass, sealing, admitted: Promise.resolve() });
  const { etag, checksum, content, blobs } = written;
  const { sizeBytes } = body;
  const annotation: NewAnnotation = {
    ...{ name, id, sizeBytes, etag, checksum, blobs, ...content },
    modifiedMs: store.clock.now(),
  };
  const lookAgain = async () => {
    const again = await requireChangeable(store, object, { name, ...condition });
    await requireSameKey(store, again, sealing);
    return again;
  };
  const head = await decided(first, lookAgain, {
    object,
    commit: async (version) => {
      const { annotations } = store.metadata;
      const news = newsOf(store, "ObjectAnnotation:Put", { annotation: { name, sizeBytes, etag } });
      await confirmCommit<unknown>(
        () => annotations.put(version, annotation, news),
        async () => (await annotations.has(version, annotation)) || null,
      );
    },
  });
  const described = { name, sizeBytes, etag, checksum, modifiedMs: annotation.modifiedMs };
  return { ...described, ...versionOf(head), ...encryptedAs(first.row) };
}

/**
 * Removes an annotation permanently, if there is one: two D1 round trips. Throws also
 * object-locked, precondition-failed, conflict.
 */
export async function deleteAnnotation(
  store: StoreContext,
  object: ObjectName,
  { name, ...condition }: AnnotationCondition & { name: string },
): Promise<OfVersion> {
  const lookAgain = () => requireChangeable(store, object, { name: null, ...condition });
  const head = await decided(await lookAgain(), lookAgain, {
    object,
    commit: (version) => {
      const news = newsOf(store, "ObjectAnnotation:Delete", { annotation: { name } });
      return store.metadata.annotations.remove(version, { name, nowMs: store.clock.now() }, news);
    },
  });
  return versionOf(head);
}

interface Looked {
  found: FoundAnnotation;
  head: ObjectHead;
  version: AnnotatedVersion;
  row: SealedRow;
}

async function look(store: StoreContext, object: ObjectName, name: string): Promise<Looked> {
  const ref = { ...object, version: versionRef(object) };
  const found = await withMetadata(object, () => store.metadata.annotations.find(ref, name));
  const { bucket, object: row } = foundVersion(store, found, object);
  const version = {
    ...{ bucket: store.gate ? bucket : null, bucketName: object.bucket },
    ...{ bucketId: bucket.id, object: row },
  };
  return { found: found as FoundAnnotation, head: objectHead(row, bucket), version, row: { ...row, bucket } };
}

/**
 * The sealing of the version's annotations; null: they are plain, as the version is. Throws
 * not-annotatable, and as `openSealing`.
 */
async function sealingFor(store: StoreContext, { row }: Looked): Promise<NewSealing | null> {
  requireAnnotatable(encryptionOf(row)?.form);
  return openSealing(store, row, null);
}

/**
 * Bytes that are sealed for one version must not go to a version with another object key. Throws
 * conflict, and as `sealingFor`.
 */
async function requireSameKey(store: StoreContext, again: Looked, sealing: NewSealing | null): Promise<void> {
  const now = await sealingFor(store, again);
  const isSame = now && sealing ? now.key.isSameAs(sealing.key) : now === sealing;
  if (!isSame) throw new StoreError({ kind: "conflict", what: "the object was replaced meanwhile" });
}

/**
 * The version, if its annotations may be changed. `name`: of the new annotation; null: one is
 * removed.
 */
async function requireChangeable(
  store: StoreContext,
  object: ObjectName,
  { name, objectEtag, bypassGovernance }: AnnotationCondition & { name: string | null },
): Promise<Looked> {
  const looked = await look(store, object, name ?? "");
  const { head, found } = looked;
  if (objectEtag !== undefined && objectEtag !== head.etag) {
    throw new StoreError({ kind: "precondition-failed", condition: "x-amz-object-if-match" });
  }
  if (isProtected(head.lock, { nowMs: store.clock.now(), bypassGovernance })) {
    throw new StoreError({ kind: "object-locked", key: object.key });
  }
  if (name !== null && !found.annotation && head.annotations >= ANNOTATIONS_MAX) {
    throw new StoreError({ kind: "too-many-annotations", annotationsMax: ANNOTATIONS_MAX });
  }
  return looked;
}

/**
 * Commits a change of a version. If it is another version at the commit, reads it again and decides
 * again.
 */
async function decided(
  first: Looked,
  lookAgain: () => Promise<Looked>,
  { object, commit }: { object: ObjectName; commit: (version: AnnotatedVersion) => Promise<void> },
): Promise<ObjectHead> {
  return withMetadata(object, async () => {
    let looked = first;
    for (let attempt = 1; ; attempt++) {
      try {
        await commit(looked.version);
        return looked.head;
      } catch (error) {
        if (!(error instanceof GuardError) || !CHANGED.has(error.guard) || attempt === ATTEMPTS_MAX) throw error;
        looked = await lookAgain();
      }
    }
  });
}

/** Guards whose failure means that the decision must be made again. */
const CHANGED: ReadonlySet<string> = new Set(["object_changed", "bucket_access_changed"]);

function versionOf({ versionId }: ObjectHead): OfVersion {
  return versionId === undefined ? {} : { versionId };
}

function encryptedAs(row: SealedRow): AnnotationEncryption {
  const form = encryptionOf(row)?.form;
  return form === undefined ? {} : { encryption: form };
}
