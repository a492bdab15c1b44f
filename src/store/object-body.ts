import { Buffer } from "node:buffer";
import { MetadataUnavailable } from "../metadata/database.ts";
import { BLOBS_PER_READ } from "../metadata/objects.ts";
import type { BlobRow, ContentRow, ExtentRow } from "../metadata/rows.ts";
import type { StoreContext } from "./context.ts";
import { StoreError } from "./failure.ts";
import { BlobReader } from "./read-blob.ts";
import { withMetadata } from "./translate-metadata.ts";
import type { OutgoingBody } from "./types.ts";

interface BlobSlice {
  blobId: string;
  offset: number;
  length: number;
}

/**
 * A range of an object's bytes: its inline body, or one slice of a blob after another. The next slice is primed while the last
 * stripe of the one before is handed out. Damage met on the way is noted for healing at the end.
 */
export class ObjectBody implements OutgoingBody {
  readonly sizeBytes: number;
  readonly #store: StoreContext;
  readonly #slices: BlobSlice[];
  readonly #blobs: Map<string, BlobRow>;
  #inline: Uint8Array | null;
  #current: BlobReader | null = null;
  #upcoming: BlobReader | null = null;

  /** `blobs` are those that came with the object; others are fetched when the range gets there. */
  constructor(
    store: StoreContext,
    content: ContentRow,
    blobs: readonly BlobRow[],
    range: { offset: number; length: number },
  ) {
    this.#store = store;
    this.sizeBytes = range.length;
    this.#blobs = new Map(blobs.map((blob) => [blob.id, blob]));
    this.#inline = content.extents === null ? inlineBytes(content.inlineBody ?? "", range) : null;
    this.#slices = content.extents === null ? [] : slicesOf(content.extents, range);
  }

  /** Resolves when the first bytes are verified. Throws `StoreError` drives-unavailable, metadata-unavailable. */
  async ready(): Promise<void> {
    this.#current = await this.#openNext();
    await this.#current?.ready();
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#inline) {
      const bytes = this.#inline;
      this.#inline = null;
      return bytes.length === 0 ? null : bytes;
    }
    while (this.#current) {
      const piece = await this.#current.next();
      if (piece) {
        await this.#primeNext();
        return piece;
      }
      await this.#finishCurrent();
      this.#current = this.#upcoming ?? (await this.#openNext());
      this.#upcoming = null;
    }
    return null;
  }

  async cancel(): Promise<void> {
    await this.#upcoming?.cancel();
    if (this.#current) await this.#finishCurrent();
    this.#current = null;
    this.#slices.length = 0;
  }

  async #primeNext(): Promise<void> {
    if (this.#upcoming || !this.#current?.ending) return;
    this.#upcoming = await this.#openNext();
    this.#upcoming?.prime();
  }

  async #openNext(): Promise<BlobReader | null> {
    const slice = this.#slices.shift();
    if (!slice) return null;
    const blob = this.#blobs.get(slice.blobId) ?? (await this.#fetchBlobs(slice));
    return new BlobReader(this.#store, blob, { offset: slice.offset, length: slice.length });
  }

  /** Fetches the blob of `slice` and those of the slices after it, in one round trip. */
  async #fetchBlobs(slice: BlobSlice): Promise<BlobRow> {
    this.#blobs.clear();
    const ids = [slice, ...this.#slices.slice(0, BLOBS_PER_READ - 1)].map(({ blobId }) => blobId);
    const rows = await withMetadata({ bucket: "" }, () => this.#store.metadata.blobs.find(ids));
    for (const row of rows) this.#blobs.set(row.id, row);
    const blob = this.#blobs.get(slice.blobId);
    // Replaced, and collected, while this read went on for longer than the grace time.
    if (!blob) throw new StoreError({ kind: "drives-unavailable", needed: 1, available: 0 });
    return blob;
  }

  /** Frees the drives, and notes what was found damaged. */
  async #finishCurrent(): Promise<void> {
    const reader = this.#current as BlobReader;
    await reader.cancel();
    const { damage, blobId } = reader;
    if (damage.length === 0) return;
    try {
      await this.#store.metadata.blobs.noteDamage(blobId, damage, this.#store.clock.now());
    } catch (error) {
      // The read itself is good; the scrub finds the damage again.
      if (!(error instanceof MetadataUnavailable)) throw error;
    }
  }
}

function inlineBytes(base64: string, { offset, length }: { offset: number; length: number }): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64")).subarray(offset, offset + length);
}

/** The parts of the extents that lie in the range. */
function slicesOf(extents: readonly ExtentRow[], range: { offset: number; length: number }): BlobSlice[] {
  const end = range.offset + range.length;
  return extents.flatMap(([start, length, blobId, blobOffset]) => {
    const from = Math.max(start, range.offset);
    const to = Math.min(start + length, end);
    return from < to ? [{ blobId, offset: blobOffset + from - start, length: to - from }] : [];
  });
}
