import { Buffer } from "node:buffer";
import type { OutgoingBody } from "../../base/outgoing-body.ts";
import { MetadataUnavailable } from "../../metadata/database.ts";
import { BLOBS_PER_READ } from "../../metadata/objects/objects.ts";
import type { BlobRow, ContentRow, ExtentRow, SealedImage } from "../../metadata/rows.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { MemberReader } from "../sealed/member-reader.ts";
import { type PieceReader, SealedReader } from "../sealed/sealed-reader.ts";
import { withMetadata } from "../translate-metadata.ts";
import { LateDrives } from "./late-drives.ts";
import { BlobReader } from "./read-blob.ts";

/**
 * Places of an object's bytes, with what opens them. Only `openContent` makes it, so a needed key
 * is always there.
 */
export interface Content extends ContentRow {
  /** null: the bytes are plain. */
  objectKey: ObjectKey | null;
}

/** `offset` counts the plain bytes of the blob, or, with `member`, of one object in a pack. */
interface BlobSlice {
  blobId: string;
  offset: number;
  length: number;
  member?: { offset: number; plainBytes: number };
  image?: SealedImage;
}

/**
 * A range of an object's bytes: the slices of its blobs in order, then the inline bytes. The next
 * slice is prepared while the last stripe of the previous one is returned. At the end, damage that
 * was found is recorded for healing, whether the read was completed, refused or cancelled.
 */
export class ObjectBody implements OutgoingBody {
  readonly sizeBytes: number;
  readonly #store: StoreContext;
  readonly #slices: BlobSlice[];
  readonly #blobs: Map<string, BlobRow>;
  readonly #lateDrives: LateDrives;
  readonly #key: ObjectKey | null;
  #inline: Uint8Array | null;
  #current: PieceReader | null = null;
  #upcoming: PieceReader | null = null;

  /** `blobs` came with the object; others are fetched when the range reaches them. */
  constructor(
    store: StoreContext,
    content: Content,
    blobs: readonly BlobRow[],
    range: { offset: number; length: number },
  ) {
    this.#store = store;
    this.#lateDrives = new LateDrives(store);
    this.sizeBytes = range.length;
    this.#blobs = new Map(blobs.map((blob) => [blob.id, blob]));
    this.#slices = slicesOf(content.extents ?? [], range);
    this.#key = content.objectKey;
    this.#inline = inlineBytes(content, range);
  }

  /** Resolves when the first bytes are verified. Throws `StoreError` drives-unavailable, metadata-unavailable. */
  async ready(): Promise<void> {
    await this.#orGiveUp(async () => {
      this.#current = await this.#openNext();
      await this.#current?.ready();
    });
  }

  async next(): Promise<Uint8Array | null> {
    return this.#orGiveUp(() => this.#next());
  }

  async cancel(): Promise<void> {
    const readers = [this.#current, this.#upcoming].filter((reader) => reader !== null);
    this.#current = null;
    this.#upcoming = null;
    this.#inline = null;
    this.#slices.length = 0;
    await this.#finish(readers);
  }

  /** A failing read frees its drives and records what it found, as a completed one does. */
  async #orGiveUp<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      await this.cancel();
      throw error;
    }
  }

  async #next(): Promise<Uint8Array | null> {
    while (this.#current) {
      const piece = await this.#current.next();
      if (piece) {
        await this.#primeNext();
        return piece;
      }
      await this.#finish([this.#current]);
      this.#current = this.#upcoming ?? (await this.#openNext());
      this.#upcoming = null;
    }
    const bytes = this.#inline;
    this.#inline = null;
    return bytes;
  }

  async #primeNext(): Promise<void> {
    if (this.#upcoming || !this.#current?.ending) return;
    this.#upcoming = await this.#openNext();
    this.#upcoming?.prime();
  }

  async #openNext(): Promise<PieceReader | null> {
    const slice = this.#slices.shift();
    if (!slice) return null;
    const blob = this.#blobs.get(slice.blobId) ?? (await this.#fetchBlobs(slice));
    return openSlice({ store: this.#store, blob, lateDrives: this.#lateDrives, key: this.#key }, slice);
  }

  /** Fetches the blob of `slice`, and those of the later slices, in one round trip. */
  async #fetchBlobs(slice: BlobSlice): Promise<BlobRow> {
    this.#blobs.clear();
    const ids = [slice, ...this.#slices.slice(0, BLOBS_PER_READ - 1)].map(({ blobId }) => blobId);
    const rows = await withMetadata({ bucket: "" }, () => this.#store.metadata.blobs.find(ids));
    for (const row of rows) this.#blobs.set(row.id, row);
    const blob = this.#blobs.get(slice.blobId);
    // Replaced and collected, because this read took longer than the grace time.
    if (!blob) throw new StoreError({ kind: "drives-unavailable", needed: 1, available: 0 });
    return blob;
  }

  /** Frees the drives, and records the damage that these readers found. */
  async #finish(readers: readonly PieceReader[]): Promise<void> {
    await Promise.all(readers.map((reader) => reader.cancel()));
    const found = readers.flatMap(({ blobId, damage }) => damage.map((one) => ({ blobId, ...one })));
    if (found.length === 0) return;
    const missed = [...new Set(readers.flatMap(({ missedDrives }) => missedDrives))];
    try {
      await this.#store.metadata.blobs.noteDamage(found, missed, this.#store.clock.now());
    } catch (error) {
      // The result of the read does not depend on it; the scrub finds the damage again.
      if (!(error instanceof MetadataUnavailable)) throw error;
    }
  }
}

/** Reads a slice of a blob: plain, sealed, or of one object in a pack. */
export async function openSlice(
  parts: { store: StoreContext; blob: BlobRow; lateDrives: LateDrives; key: ObjectKey | null },
  slice: Pick<BlobSlice, "offset" | "length" | "member" | "image">,
): Promise<PieceReader> {
  const { store, blob, lateDrives, key } = parts;
  const range = { offset: slice.offset, length: slice.length };
  if (key === null) return new BlobReader(store, blob, range, { lateDrives });
  const { image } = slice;
  if (!slice.member) return SealedReader.open({ store, blob, range, lateDrives, key, ...(image ? { image } : {}) });
  return new MemberReader({ store, blob, lateDrives }, { ...slice.member, key }, range);
}

/** The part of the range beyond the extents; null: none. Throws `StoreError` sealed-shut. */
function inlineBytes(content: Content, { offset, length }: { offset: number; length: number }): Uint8Array | null {
  const begin = extentsEnd(content.extents);
  const to = offset + length - begin;
  if (content.inlineBody === null || to <= 0 || length === 0) return null;
  return decodeInline(content).subarray(Math.max(offset - begin, 0), to);
}

/** All inline bytes, plain. Throws `StoreError` sealed-shut if they were altered. */
export function decodeInline({ inlineBody, objectKey }: Pick<Content, "inlineBody" | "objectKey">): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(inlineBody ?? "", "base64"));
  if (objectKey === null || bytes.length === 0) return bytes;
  const plain = objectKey.openBytes(bytes);
  if (plain) return plain;
  throw new StoreError({ kind: "sealed-shut", reason: "bytes in the object's row do not open: they were altered" });
}

/** Number of an object's bytes in its extents: later ones are inline. */
function extentsEnd(extents: readonly ExtentRow[] | null): number {
  const last = extents?.at(-1);
  return last ? last[0] + last[1] : 0;
}

/** The parts of the extents within the range. */
export function slicesOf(extents: readonly ExtentRow[], range: { offset: number; length: number }): BlobSlice[] {
  const end = range.offset + range.length;
  return extents.flatMap(([start, length, blobId, blobOffset, , form]) => {
    const from = Math.max(start, range.offset);
    const to = Math.min(start + length, end);
    if (from >= to) return [];
    const slice = { blobId, offset: blobOffset + from - start, length: to - from };
    if (form !== 1) return [form ? { ...slice, image: form } : slice];
    const member = { offset: blobOffset, plainBytes: length };
    return [{ blobId, offset: from - start, length: to - from, member }];
  });
}
