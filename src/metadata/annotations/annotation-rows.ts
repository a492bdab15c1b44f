import type { BlobRow, ChecksumRow, ContentRow, ExtentRow } from "../rows.ts";
import { parseJson } from "../rows.ts";

/** An annotation of a version, without its bytes. */
export interface AnnotationRow {
  name: string;
  /** Another one whenever it is put; the referent of its blobs. */
  id: string;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  checksum: ChecksumRow;
  /** How often its bytes are encrypted, under the key of the version that it is of; 0: they are plain. */
  layers: 0 | 1 | 2;
}

/** An annotation about to be made, and the blobs that were written for it. */
export interface NewAnnotation extends AnnotationRow, ContentRow {
  blobs: readonly BlobRow[];
}

/** As `ANNOTATION_COLUMNS` selects it. */
export type RawAnnotation = Omit<AnnotationRow, "checksum"> & { checksum: string };

/** Of table annotations, as `a`. */
export const ANNOTATION_COLUMNS = `a.name, a.id, a.size_bytes AS "sizeBytes", a.etag, a.modified_ms AS "modifiedMs", a.checksum, a.layers`;

export function parseAnnotation(raw: RawAnnotation): AnnotationRow {
  const { name, id, sizeBytes, etag, modifiedMs, checksum, layers } = raw;
  return { name, id, sizeBytes, etag, modifiedMs, checksum: JSON.parse(checksum), layers };
}

export function parseContent(raw: { extents: string | null; inlineBody: string | null }): ContentRow {
  return { extents: parseJson<ExtentRow[]>(raw.extents), inlineBody: raw.inlineBody };
}
