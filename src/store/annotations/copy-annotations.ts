import { Buffer } from "node:buffer";
import { toBase64 } from "../../base/bytes.ts";
import type { AnnotationRow, NewAnnotation } from "../../metadata/annotations/annotation-rows.ts";
import type { CarriedAnnotations } from "../../metadata/annotations/carried.ts";
import type { ChecksumRow, ContentRow } from "../../metadata/rows.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newId } from "../placement/ids.ts";
import { ObjectBody } from "../read/object-body.ts";
import type { NewSealing } from "../sealed/new-sealing.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName, ChecksumAlgorithm } from "../types.ts";
import { bodyOfBytes } from "../write/body-of-bytes.ts";
import { DigestSet } from "../write/digests.ts";
import { annotationKey } from "./seal-annotations.ts";
import { writeContent } from "./write-content.ts";

/** The version whose annotations are copied. */
interface Source {
  id: string;
  annotations: number;
}

interface Copying {
  bucket: BucketName;
  storageClass: string;
  /** Absent: each keeps its own. */
  checksumAlgorithm?: ChecksumAlgorithm;
}

/** The target's store, and the source's. */
interface CopyStores {
  store: StoreContext;
  from: StoreContext;
  sealings: Sealings;
}

/** Sealings of the source and of the copy; null: plain. */
interface Sealings {
  source: NewSealing | null;
  target: NewSealing | null;
  /** The copy and its source have different keys. */
  isRekeyed: boolean;
}

/**
 * The annotations of a copied version; undefined if it has none. Within a database and under the
 * same key no byte moves: the commit makes the copies refer to the same blobs, and fails if the
 * source's annotations changed meanwhile. Bytes are read, one annotation after the other, if
 * another checksum algorithm is needed. They are written again in another database, under another
 * key, or if only the copy is encrypted. Throws `StoreError` conflict, drives-unavailable,
 * no-space, sealed-shut, metadata-unavailable.
 */
export async function copyAnnotations(
  stores: CopyStores,
  source: Source,
  copying: Copying,
): Promise<CarriedAnnotations | undefined> {
  if (source.annotations === 0) return undefined;
  const { store, from, sealings } = stores;
  const layers = sealings.target?.key.layers ?? 0;
  const isShared = (annotation: AnnotationRow) => from === store && !sealings.isRekeyed && annotation.layers === layers;
  const found = await annotationsOf(from, source.id);
  if (found.length !== source.annotations) throw changed();
  const others = found.filter((annotation) => !isShared(annotation));
  const written: NewAnnotation[] = [];
  for (const annotation of others) written.push(await rewrite(stores, source.id, annotation, copying));
  const kept = { versionId: source.id, sealing: sealings.source, annotations: found.filter(isShared) };
  return {
    fromVersionId: source.id,
    shared: await shared(store, kept, copying.checksumAlgorithm),
    rewritten: from === store ? others.map(({ name, id }) => [name, id]) : [],
    written,
  };
}

/** Those of a version that is renamed: key and database stay the same, so no byte moves. */
export async function shareAnnotations(store: StoreContext, versionId: string): Promise<CarriedAnnotations> {
  const annotations = await annotationsOf(store, versionId);
  const kept = await shared(store, { versionId, sealing: null, annotations }, undefined);
  return { fromVersionId: versionId, shared: kept, rewritten: [], written: [] };
}

interface Kept {
  versionId: string;
  sealing: NewSealing | null;
  annotations: readonly AnnotationRow[];
}

async function shared(
  store: StoreContext,
  { versionId, sealing, annotations }: Kept,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<CarriedAnnotations["shared"]> {
  const all: [string, string, string, ChecksumRow | null][] = [];
  for (const annotation of annotations) {
    const isOther = algorithm !== undefined && annotation.checksum.algorithm !== algorithm;
    const checksum = isOther
      ? checksumOf(algorithm, await bytesOf(store, versionId, annotation, annotationKey(annotation, sealing)), store)
      : null;
    all.push([annotation.name, annotation.id, newId(store), checksum]);
  }
  return all;
}

function annotationsOf(store: StoreContext, versionId: string): Promise<(AnnotationRow & ContentRow)[]> {
  return withMetadata({ bucket: "" }, () => store.metadata.annotations.ofVersion(versionId));
}

async function rewrite(
  { store, from, sealings: { source, target } }: CopyStores,
  versionId: string,
  annotation: AnnotationRow,
  { storageClass, checksumAlgorithm: algorithm }: Copying,
): Promise<NewAnnotation> {
  const { name, sizeBytes, checksum: kept } = annotation;
  const bytes = await bytesOf(from, versionId, annotation, annotationKey(annotation, source));
  const checksum = algorithm && kept.algorithm !== algorithm ? checksumOf(algorithm, bytes, store) : kept;
  const id = newId(store);
  const { etag, blobs, content } = await writeContent(store, id, {
    storageClass,
    sealing: target,
    admitted: Promise.resolve(),
    body: bodyOfBytes(bytes),
  });
  return { name, id, sizeBytes, etag, modifiedMs: store.clock.now(), checksum, blobs, ...content };
}

/** All bytes of an annotation: at most 1 MiB. */
async function bytesOf(
  store: StoreContext,
  versionId: string,
  { name, sizeBytes }: AnnotationRow,
  objectKey: ObjectKey | null,
): Promise<Buffer> {
  const content = await withMetadata({ bucket: "" }, () => store.metadata.annotations.content(versionId, name));
  if (content === null) throw changed();
  const body = new ObjectBody(store, { ...content, objectKey }, [], { offset: 0, length: sizeBytes });
  const pieces: Uint8Array[] = [];
  try {
    await body.ready();
    for (let piece = await body.next(); piece !== null; piece = await body.next()) pieces.push(piece.slice());
    return Buffer.concat(pieces);
  } finally {
    await body.cancel();
  }
}

function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array, { engine }: StoreContext): ChecksumRow {
  const digests = new DigestSet([algorithm], engine);
  digests.update(bytes);
  const value = toBase64(digests.finish().get(algorithm) as Uint8Array);
  return { algorithm, type: "full-object", value };
}

function changed(): StoreError {
  return new StoreError({ kind: "conflict", what: "the annotations of the source were changed meanwhile" });
}
