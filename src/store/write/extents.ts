import type { ExtentRow } from "../../metadata/rows.ts";
import type { WrittenBlob } from "./write-blob.ts";

/** Extents, held by `referent`, over whole blobs in sequence, from byte `start` of the object. */
export function extentsOver(blobs: readonly WrittenBlob[], start: number, referent: string): ExtentRow[] {
  let at = start;
  return blobs.map(({ id, plainBytes }): ExtentRow => {
    const extent: ExtentRow = [at, plainBytes, id, 0, referent];
    at += plainBytes;
    return extent;
  });
}
