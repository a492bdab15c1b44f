import { Buffer } from "node:buffer";
import type { TieredVersion } from "../../metadata/blobs/tiers.ts";
import type { BlobRow, ContentRow, ExtentRow, SealedImage } from "../../metadata/rows.ts";
import { layersOf, type ObjectEncryption } from "../../sealing/object-encryption.ts";
import { sealedOverheadBytes } from "../../sealing/object-key.ts";
import { plainBytesOf, TAG_BYTES } from "../../sealing/sealed-layout.ts";
import type { StoreContext } from "../context.ts";
import type { WrittenBlob } from "../write/write-blob.ts";
import {
  type CopiedPiece,
  copiedBytes,
  copyBytes,
  copyFromMemory,
  pieceBytesMax,
  readVerified,
  type Target,
} from "./copy-bytes.ts";

/**
 * A blob up to this size, usually a pack, is read completely for a part of it, and compared with
 * its CRC.
 */
const VERIFIED_BYTES_MAX = 8 * 1024 * 1024;

/** The last pack that was read: objects of one pack are usually moved one after the other. */
export class PackMemory {
  #id = "";
  #bytes: Promise<Uint8Array> | null = null;

  async read(store: StoreContext, blob: BlobRow): Promise<Uint8Array> {
    if (this.#id !== blob.id || !this.#bytes) {
      this.#id = blob.id;
      this.#bytes = readVerified(store, blob);
    }
    try {
      return await this.#bytes;
    } catch (error) {
      this.#bytes = null;
      throw error;
    }
  }
}

export interface Rewriting {
  version: TieredVersion;
  target: Target;
  packs: PackMemory;
  /** Called between two pieces of the blob; true: the rest stays where it is. */
  isSpent: () => boolean;
}

/** Contents of a version after the extents over one blob were rewritten. */
export interface Rewritten {
  content: ContentRow;
  blobs: WrittenBlob[];
  bytes: number;
  /** Time was over: some extents still name the old blob. */
  isCut: boolean;
}

/**
 * Copies the version's bytes in `blob` to the places of `target`. Plain bytes are copied unchanged.
 * So is ciphertext, without any key: its extents record how the sealed blob was cut
 * (`SealedImage`). An object that is completely in a pack goes into its row if it is small enough,
 * and waits there for a pack of its new class. A large blob may be copied in part: extents over the
 * rest stay as they are. Throws as `copyBytes`.
 */
export async function rewriteExtents(store: StoreContext, blob: BlobRow, rewriting: Rewriting): Promise<Rewritten> {
  const { content, encryptionForm } = rewriting.version;
  const own = (content.extents ?? []).filter(([, , blobId]) => blobId === blob.id);
  const [first] = own;
  if (encryptionForm !== null && first && first[5] !== 1) return moveSealed(store, blob, rewriting);
  if (encryptionForm === null && isNearlyAll(blob, own)) return movePlain(store, blob, rewriting);
  const parts = own.map((extent) => storedPart(extent, encryptionForm));
  return encryptionForm !== null || blob.sizeBytes <= VERIFIED_BYTES_MAX
    ? moveParts(store, blob, { rewriting, parts })
    : movePlain(store, blob, rewriting);
}

/**
 * How much the extents of a version grow when `blob` is copied: an upper estimate of their number
 * and the length of their JSON. `own`: its extents over `blob`.
 */
export function growthOf(
  blob: BlobRow,
  own: readonly ExtentRow[],
  { version, target }: Pick<Rewriting, "version" | "target">,
): { extents: number; bytes: number } {
  const form = own[0]?.[5];
  const isStriped = version.encryptionForm !== null && form !== 1;
  const image: SealedImage =
    typeof form === "object" ? form : [blob.id, blob.k, blob.blockBytes, blob.sizeBytes, blob.sizeBytes];
  const pieceBytes = pieceBytesMax(target.geometry, isStriped ? image[1] * image[2] : 1);
  const bytes = own.reduce((sum, [, length]) => sum + length, 0);
  const extents = Math.ceil(bytes / pieceBytes) - 1;
  const one: ExtentRow = [version.sizeBytes, version.sizeBytes, blob.id, 0, version.id];
  if (isStriped) one.push(image);
  const imageBytes = isStriped && form === undefined ? JSON.stringify(image).length + 1 : 0;
  return { extents, bytes: extents * (JSON.stringify(one).length + 1) + own.length * imageBytes };
}

/** More than half of the blob: it is streamed. */
function isNearlyAll(blob: BlobRow, own: readonly ExtentRow[]): boolean {
  return own.reduce((sum, extent) => sum + extent[1], 0) * 2 > blob.sizeBytes;
}

interface StoredPart {
  extent: ExtentRow;
  offset: number;
  length: number;
}

/** Position of an extent's stored bytes in its blob. */
function storedPart(extent: ExtentRow, form: string | null): StoredPart {
  const [, length, , offset] = extent;
  const overhead = form === null ? 0 : sealedOverheadBytes(layersOf(form as ObjectEncryption["form"]));
  return { extent, offset, length: length + overhead };
}

/** Small parts of a blob that fits into memory: members of packs. */
async function moveParts(
  store: StoreContext,
  blob: BlobRow,
  { rewriting, parts }: { rewriting: Rewriting; parts: readonly StoredPart[] },
): Promise<Rewritten> {
  const { version, target, packs } = rewriting;
  const all = await packs.read(store, blob);
  const [only] = parts;
  const isAll = only && version.content.extents?.length === 1 && version.content.inlineBody === null;
  if (isAll && only.length <= store.settings.inlineBytesMax) {
    const { buffer, byteOffset } = all;
    const inlineBody = Buffer.from(buffer, byteOffset + only.offset, only.length).toString("base64");
    return { content: { extents: null, inlineBody }, blobs: [], bytes: only.length, isCut: false };
  }
  const copies = new Map<ExtentRow, CopiedPiece[]>();
  for (const { extent, offset, length } of parts) {
    copies.set(extent, await copyFromMemory(store, all.slice(offset, offset + length), target));
  }
  const place = (extent: ExtentRow): ExtentRow[] => {
    const [start, length] = extent;
    const pieces = copies.get(extent) ?? [];
    const [whole, ...others] = pieces;
    if (whole && others.length === 0) return [[start, length, whole.blob.id, 0, version.id, ...formOf(extent)]];
    if (formOf(extent).length > 0) throw new Error("what was sealed in a row is larger than a blob");
    return pieces.map((piece) => [start + piece.at, piece.blob.sizeBytes, piece.blob.id, 0, version.id]);
  };
  return replaced(version, blob, { place, blobs: [...copies.values()].flat().map((copy) => copy.blob) });
}

async function movePlain(store: StoreContext, blob: BlobRow, rewriting: Rewriting): Promise<Rewritten> {
  const { version, target, isSpent } = rewriting;
  const own = (version.content.extents ?? []).filter(([, , blobId]) => blobId === blob.id);
  const from = Math.min(...own.map(([, , , offset]) => offset));
  const to = Math.max(...own.map(([, length, , offset]) => offset + length));
  const pieces = await copyBytes(store, { blob, offset: from, length: to - from }, { unit: 1, target, isSpent });
  const copiedUntil = from + copiedBytes(pieces);
  const place = (extent: ExtentRow) => {
    const [start, length, , offset] = extent;
    const moved = overlapping(pieces, offset - from, length).map(({ piece, begin, end }): ExtentRow => {
      const { id } = piece.blob;
      return [start + begin - (offset - from), end - begin, id, begin - piece.at, version.id];
    });
    return [...moved, ...restOf(extent, copiedUntil)];
  };
  return replaced(version, blob, { place, blobs: pieces.map((piece) => piece.blob) });
}

async function moveSealed(store: StoreContext, blob: BlobRow, rewriting: Rewriting): Promise<Rewritten> {
  const { version, target, isSpent } = rewriting;
  const own = (version.content.extents ?? []).filter(([, , blobId]) => blobId === blob.id);
  const known = own[0]?.[5];
  const image: SealedImage = typeof known === "object" ? known : [blob.id, blob.k, blob.blockBytes, blob.sizeBytes, 0];
  const [bodyId, k, blockBytes, bodyBytes, base] = image;
  const tagBytes = layersOf(version.encryptionForm as ObjectEncryption["form"]) * TAG_BYTES;
  const shape = { k, blockBytes, tagBytes };
  // From the first needed stripe: earlier ones were moved before.
  const stripe = Math.floor(Math.min(...own.map(([, , , offset]) => offset)) / (k * (blockBytes - tagBytes)));
  const from = stripe * k * blockBytes;
  const range = { blob, offset: from, length: blob.sizeBytes - from };
  const copied = await copyBytes(store, range, { unit: k * blockBytes, target, isSpent });
  const pieces = copied.map(({ at, blob: copy }) => ({ at: from + at, blob: copy }));
  // Offsets of extents count plain bytes, from the plain byte at which the blob begins.
  const plainAt = (at: number) => plainBytesOf(shape, Math.min(base + at, bodyBytes)) - plainBytesOf(shape, base);
  const plain = pieces.map(({ at, blob: copy }) => ({
    at: plainAt(at),
    end: plainAt(at + copy.sizeBytes),
    copy,
    stored: at,
  }));
  const copiedUntil = plain.at(-1)?.end ?? 0;
  const place = (extent: ExtentRow) => {
    const [start, length, , offset] = extent;
    const moved = plain.flatMap(({ at, end, copy, stored }): ExtentRow[] => {
      const begin = Math.max(at, offset);
      const until = Math.min(end, offset + length);
      if (begin >= until) return [];
      const form: SealedImage = [bodyId, k, blockBytes, bodyBytes, base + stored];
      return [[start + begin - offset, until - begin, copy.id, begin - at, version.id, form]];
    });
    return [...moved, ...restOf(extent, copiedUntil)];
  };
  return replaced(version, blob, { place, blobs: pieces.map((piece) => piece.blob) });
}

/** The pieces with bytes [offset, offset + length) of the copy. */
function overlapping(pieces: readonly CopiedPiece[], offset: number, length: number) {
  return pieces.flatMap((piece) => {
    const begin = Math.max(piece.at, offset);
    const end = Math.min(piece.at + piece.blob.sizeBytes, offset + length);
    return begin < end ? [{ piece, begin, end }] : [];
  });
}

/** The part of an extent that is at `from` or later in its blob; none, or one extent. */
function restOf(extent: ExtentRow, from: number): ExtentRow[] {
  const [start, length, blobId, offset, referent] = extent;
  const skipped = Math.max(0, from - offset);
  if (skipped >= length) return [];
  return [[start + skipped, length - skipped, blobId, offset + skipped, referent, ...formOf(extent)]];
}

function formOf(extent: ExtentRow): [] | [1 | SealedImage] {
  return extent[5] === undefined ? [] : [extent[5]];
}

function replaced(
  { content }: TieredVersion,
  blob: BlobRow,
  { place, blobs }: { place: (extent: ExtentRow) => ExtentRow[]; blobs: WrittenBlob[] },
): Rewritten {
  const extents = (content.extents ?? []).flatMap((extent) => (extent[2] === blob.id ? place(extent) : [extent]));
  const used = new Set(extents.map(([, , blobId]) => blobId));
  const kept = blobs.filter(({ id }) => used.has(id));
  const bytes = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { content: { extents, inlineBody: content.inlineBody }, blobs: kept, bytes, isCut: used.has(blob.id) };
}
