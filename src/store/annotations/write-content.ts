import { Buffer } from "node:buffer";
import { toBase64, toHex } from "../../base/bytes.ts";
import type { BlobRow, ContentRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { requireSpace } from "../placement/require-space.ts";
import type { Digests, IncomingBody, ObjectChecksum } from "../types.ts";
import { DigestSet } from "../write/digests.ts";
import { extentsOver } from "../write/extents.ts";
import { blobShape, readSmall } from "../write/write.ts";
import { writeBody } from "../write/write-blob.ts";

/** The bytes of an annotation, written but not committed. */
export interface WrittenContent {
  etag: string;
  checksum: ObjectChecksum;
  content: ContentRow;
  blobs: BlobRow[];
}

interface ContentWrite {
  body: IncomingBody;
  /** Of the object: its annotations are stored alike. */
  storageClass: string;
  /** Resolves when the request is known to be allowed to write. */
  admitted: Promise<unknown>;
}

/**
 * Steps 2 to 5 of the write protocol for the bytes of an annotation, of which `id` becomes the referent: small ones inline, larger ones
 * on the drives, as those of objects. A crash leaves garbage that no row names. Throws as `putObject` does.
 */
export async function writeContent(store: StoreContext, id: string, write: ContentWrite): Promise<WrittenContent> {
  const { body } = write;
  if (body.sizeBytes <= store.settings.inlineBytesMax) return inline(store, write);
  let checksum: ObjectChecksum | null = null;
  const { blobs, digests } = await writeBody(store, {
    source: body,
    ...blobShape(store, body.sizeBytes, write.storageClass),
    admitted: write.admitted,
    verify: (computed) => {
      checksum = body.verify(computed);
    },
  });
  return { ...described(digests, checksum), content: { extents: extentsOver(blobs, 0, id), inlineBody: null }, blobs };
}

async function inline(store: StoreContext, { body, admitted }: ContentWrite): Promise<WrittenContent> {
  const bytes = await readSmall(body);
  const wanted = new DigestSet(["md5", "crc64nvme", ...body.digests], store.engine);
  wanted.update(bytes);
  const digests = wanted.finish();
  await Promise.all([admitted, requireSpace(store, null)]);
  const inlineBody = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return { ...described(digests, body.verify(digests)), content: { extents: null, inlineBody }, blobs: [] };
}

/** Where the client sent no checksum, CRC-64/NVME is kept. */
function described(digests: Digests, checksum: ObjectChecksum | null): Pick<WrittenContent, "etag" | "checksum"> {
  const crc64 = { algorithm: "crc64nvme", type: "full-object" } as const;
  return {
    etag: toHex(digests.get("md5") as Uint8Array),
    checksum: checksum ?? { ...crc64, value: toBase64(digests.get("crc64nvme") as Uint8Array) },
  };
}
