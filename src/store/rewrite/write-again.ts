import { concat } from "../../base/bytes.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../context.ts";
import { type Content, ObjectBody } from "../read/object-body.ts";
import { inlineText } from "../sealed/open-content.ts";
import type { DigestName, Digests } from "../types.ts";
import { DigestSet } from "../write/digests.ts";
import { blobShape } from "../write/write.ts";
import { type WrittenBody, writeBody } from "../write/write-blob.ts";

export interface BytesToWrite {
  /** Store of the source. */
  from: StoreContext;
  content: Content;
  sizeBytes: number;
  /** Digests of the plain bytes to compute besides the MD5. */
  digests: readonly DigestName[];
  /** Their sealing; null: they are stored plain. */
  sealing: ObjectKey | null;
}

/** Writes the bytes of an object to new blobs, in the geometry of a storage class. Nothing is committed. Throws as `writeBody`. */
export async function writeBlobsAgain(
  store: StoreContext,
  { from, content, sizeBytes, digests, sealing }: BytesToWrite,
  storageClass: string,
): Promise<WrittenBody> {
  const body = new ObjectBody(from, content, [], { offset: 0, length: sizeBytes });
  try {
    await body.ready();
    return await writeBody(store, {
      source: { sizeBytes, readsDrives: true, digests, next: () => body.next() },
      ...blobShape(store, sizeBytes, storageClass),
      sealing,
      admitted: Promise.resolve(),
      verify: () => {},
    });
  } finally {
    await body.cancel();
  }
}

/** All bytes of a small object, for its row. */
export async function writeInlineAgain(
  store: StoreContext,
  { from, content, sizeBytes, digests, sealing }: BytesToWrite,
): Promise<{ inlineBody: string; digests: Digests }> {
  const body = new ObjectBody(from, content, [], { offset: 0, length: sizeBytes });
  const pieces: Uint8Array[] = [];
  try {
    await body.ready();
    for (let piece = await body.next(); piece !== null; piece = await body.next()) pieces.push(piece.slice());
  } finally {
    await body.cancel();
  }
  const bytes = concat(pieces);
  const computing = new DigestSet(["md5", ...digests], store.engine);
  computing.update(bytes);
  return { inlineBody: inlineText(store, bytes, sealing), digests: computing.finish() };
}
