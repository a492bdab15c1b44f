import { Buffer } from "node:buffer";
import { toBase64 } from "../../base/bytes.ts";
import type { AnnotationRow, NewAnnotation } from "../../metadata/annotations/annotation-rows.ts";
import type { CarriedAnnotations } from "../../metadata/annotations/carried.ts";
import type { ChecksumRow, ContentRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newId } from "../placement/ids.ts";
import { ObjectBody } from "../read/object-body.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName, ChecksumAlgorithm } from "../types.ts";
import { DigestSet } from "../write/digests.ts";
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

/** Where the copies go, and where the source is read. */
interface CopyStores {
  store: StoreContext;
  from: StoreContext;
}

/**
 * The annotations that a copy of a version takes over; undefined if it has none. Within a database no byte moves: the commit makes them
 * refer to the same blobs, and fails if the source's were changed meanwhile. Bytes are read, one annotation after the other, for a
 * checksum of another algorithm, and written anew in another database. Throws `StoreError` conflict, drives-unavailable, no-space,
 * metadata-unavailable.
 */
export async function copyAnnotations(
  { store, from }: CopyStores,
  source: Source,
  copying: Copying,
): Promise<CarriedAnnotations | undefined> {
  if (source.annotations === 0) return undefined;
  if (from === store) return shareAnnotations(store, source.id, copying.checksumAlgorithm);
  const found = await annotationsOf(from, source.id);
  if (found.length !== source.annotations) throw changed();
  const written: NewAnnotation[] = [];
  for (const annotation of found) written.push(await rewrite({ store, from }, source.id, annotation, copying));
  return { fromVersionId: source.id, shared: [], written };
}

/** The same within a database. */
export async function shareAnnotations(
  store: StoreContext,
  versionId: string,
  algorithm?: ChecksumAlgorithm,
): Promise<CarriedAnnotations> {
  const shared: [string, string, string, ChecksumRow | null][] = [];
  for (const annotation of await annotationsOf(store, versionId)) {
    const isOther = algorithm !== undefined && annotation.checksum.algorithm !== algorithm;
    const checksum = isOther ? checksumOf(algorithm, await bytesOf(store, versionId, annotation), store) : null;
    shared.push([annotation.name, annotation.id, newId(store), checksum]);
  }
  return { fromVersionId: versionId, shared, written: [] };
}

function annotationsOf(store: StoreContext, versionId: string): Promise<(AnnotationRow & ContentRow)[]> {
  return withMetadata({ bucket: "" }, () => store.metadata.annotations.ofVersion(versionId));
}

async function rewrite(
  { store, from }: CopyStores,
  versionId: string,
  annotation: AnnotationRow,
  { storageClass, checksumAlgorithm: algorithm }: Copying,
): Promise<NewAnnotation> {
  const { name, sizeBytes, etag, checksum: kept } = annotation;
  const bytes = await bytesOf(from, versionId, annotation);
  const checksum = algorithm && kept.algorithm !== algorithm ? checksumOf(algorithm, bytes, store) : kept;
  const id = newId(store);
  let isRead = false;
  const { blobs, content } = await writeContent(store, id, {
    storageClass,
    admitted: Promise.resolve(),
    body: {
      sizeBytes,
      digests: [],
      next: async () => {
        if (isRead) return null;
        isRead = true;
        return bytes;
      },
      verify: () => null,
    },
  });
  return { name, id, sizeBytes, etag, modifiedMs: store.clock.now(), checksum, blobs, ...content };
}

/** All bytes of an annotation: at most 1 MiB. */
async function bytesOf(store: StoreContext, versionId: string, { name, sizeBytes }: AnnotationRow): Promise<Buffer> {
  const content = await withMetadata({ bucket: "" }, () => store.metadata.annotations.content(versionId, name));
  if (content === null) throw changed();
  const body = new ObjectBody(store, { ...content, objectKey: null }, [], { offset: 0, length: sizeBytes });
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
