import { toBase64, toHex } from "../../base/bytes.ts";
import type { AnnotationRow } from "../../metadata/annotations/annotation-rows.ts";
import type { BlobRow, ContentRow } from "../../metadata/rows.ts";
import { etagIsMd5 } from "../../sealing/object-encryption.ts";
import type { StoreContext } from "../context.ts";
import { requireSpace } from "../placement/require-space.ts";
import type { NewSealing } from "../sealed/new-sealing.ts";
import { inlineText } from "../sealed/open-content.ts";
import type { Digests, IncomingBody, ObjectChecksum } from "../types.ts";
import { DigestSet } from "../write/digests.ts";
import { extentsOver } from "../write/extents.ts";
import { blobShape, readSmall } from "../write/write.ts";
import { writeBody } from "../write/write-blob.ts";

/** The bytes of an annotation, written but not committed. */
export interface WrittenContent {
  etag: string;
  checksum: ObjectChecksum;
  content: ContentRow & Pick<AnnotationRow, "layers">;
  blobs: BlobRow[];
}

interface ContentWrite {
  body: IncomingBody;
  /** The object's storage class: its annotations are stored in the same way. */
  storageClass: string;
  /** The object's sealing; null: it is plain. */
  sealing: NewSealing | null;
  /** Resolves when the request is known to have permission to write. */
  admitted: Promise<unknown>;
}

/**
 * Steps 2 to 5 of the write protocol for the bytes of an annotation; `id` becomes their referent.
 * As with objects, small ones are inline, larger ones on the drives, sealed under the object's key.
 * A crash leaves garbage that no row names. Throws as `putObject` does.
 */
export async function writeContent(store: StoreContext, id: string, write: ContentWrite): Promise<WrittenContent> {
  const { body, sealing } = write;
  if (body.sizeBytes <= store.settings.inlineBytesMax) return inline(store, write);
  let checksum: ObjectChecksum | null = null;
  const { blobs, digests } = await writeBody(store, {
    source: body,
    ...blobShape(store, body.sizeBytes, write.storageClass),
    sealing: sealing?.key ?? null,
    admitted: write.admitted,
    verify: (computed) => {
      checksum = body.verify(computed);
    },
  });
  const content = { extents: extentsOver(blobs, 0, id), inlineBody: null, layers: layersUnder(sealing) };
  return { ...described(store, { digests, checksum, sealing }), content, blobs };
}

async function inline(store: StoreContext, { body, admitted, sealing }: ContentWrite): Promise<WrittenContent> {
  const bytes = await readSmall(body);
  const wanted = new DigestSet(["md5", "crc64nvme", ...body.digests], store.engine);
  wanted.update(bytes);
  const digests = wanted.finish();
  await Promise.all([admitted, requireSpace(store, null)]);
  const inlineBody = inlineText(store, bytes, sealing?.key ?? null);
  const content = { extents: null, inlineBody, layers: layersUnder(sealing) };
  return { ...described(store, { digests, checksum: body.verify(digests), sealing }), content, blobs: [] };
}

function layersUnder(sealing: NewSealing | null): AnnotationRow["layers"] {
  return sealing?.key.layers ?? 0;
}

interface Described {
  digests: Digests;
  checksum: ObjectChecksum | null;
  sealing: NewSealing | null;
}

/**
 * Without a checksum from the client, CRC-64/NVME is kept. The ETag is random if those of objects
 * are.
 */
function described(
  store: StoreContext,
  { digests, checksum, sealing }: Described,
): Pick<WrittenContent, "etag" | "checksum"> {
  const crc64 = { algorithm: "crc64nvme", type: "full-object" } as const;
  const isMd5 = sealing === null || etagIsMd5(sealing.wrapper.form);
  return {
    etag: toHex(isMd5 ? (digests.get("md5") as Uint8Array) : store.random(16)),
    checksum: checksum ?? { ...crc64, value: toBase64(digests.get("crc64nvme") as Uint8Array) },
  };
}
