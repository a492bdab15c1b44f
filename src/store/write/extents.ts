import type { BlobRow, ExtentRow } from "../../metadata/rows.ts";

/** Extents, held by `referent`, over the whole of blobs that follow each other, from byte `start` of the object. */
export function extentsOver(blobs: readonly BlobRow[], start: number, referent: string): ExtentRow[] {
  let at = start;
  return blobs.map(({ id, sizeBytes }): ExtentRow => {
    const extent: ExtentRow = [at, sizeBytes, id, 0, referent];
    at += sizeBytes;
    return extent;
  });
}
