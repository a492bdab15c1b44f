import type { BlobRow, SealedImage } from "../../metadata/rows.ts";
import type { BodyCipher } from "../../sealing/body-cipher.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import { blockAt, plainBytesOf, type SealedBlock, type SealedShape } from "../../sealing/sealed-layout.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { idBytes } from "../placement/ids.ts";
import type { LateDrives } from "../read/late-drives.ts";
import { type BlobRange, BlobReader, type Damage } from "../read/read-blob.ts";

/** Reads a range of a blob, plain or sealed. */
export type PieceReader = Pick<
  BlobReader,
  "blobId" | "prime" | "ready" | "next" | "ending" | "damage" | "missedDrives" | "cancel"
>;

const NO_SHARD = -1;

/**
 * Reads a range of a sealed blob's plain bytes, through a reader of the blob: whole blocks, so no
 * more frames than the range touches. The tag of a block is its check. If a block does not open, it
 * was damaged, or altered by somebody who could compute checks. Then the shards of its stripe are
 * left out one after the other until it opens, and the shard at fault counts as damaged. If it
 * never opens, nothing of it is returned. For a `SealedImage` the blocks are those of the blob that
 * was sealed, and span the blocks of the blob that is read.
 */
export class SealedReader implements PieceReader {
  readonly #store: StoreContext;
  readonly #blob: BlobRow;
  readonly #shape: SealedShape;
  readonly #cipher: BodyCipher;
  readonly #reader: BlobReader;
  readonly #lateDrives: LateDrives;
  readonly #end: number;
  /**
   * Size of the blob that was sealed, and the position in it at which the blob that is read begins.
   */
  readonly #bodyBytes: number;
  readonly #base: number;
  #rest: Uint8Array = NOTHING;
  /** Findings of a block's rescue, or of its failure, by shard. */
  readonly #otherDamage = new Map<number, Damage>();
  #at: number;
  #first: Promise<Uint8Array | null> | null = null;

  private constructor(parts: SealedParts, cipher: BodyCipher) {
    const { store, blob, range, lateDrives } = parts;
    this.#store = store;
    this.#blob = blob;
    this.#shape = shapeOf(parts);
    this.#cipher = cipher;
    this.#lateDrives = lateDrives;
    const [, , , bodyBytes = blob.sizeBytes, base = 0] = parts.image ?? [];
    this.#bodyBytes = bodyBytes;
    this.#base = base;
    this.#at = plainBytesOf(this.#shape, base) + range.offset;
    this.#end = this.#at + range.length;
    const first = this.#blockAt(this.#at);
    const last = this.#blockAt(this.#end - 1);
    const length = last.blobOffset + this.#storedBytes(last) - first.blobOffset;
    // Tags prove more than the frames' checks if each tag covers bytes of one shard only.
    const unverified = parts.image === undefined;
    this.#reader = new BlobReader(store, blob, { offset: first.blobOffset - base, length }, { lateDrives, unverified });
  }

  /** `range` is not empty and within the blob's plain bytes. */
  static async open(parts: SealedParts): Promise<SealedReader> {
    const { store, blob, key, image } = parts;
    const [bodyId, , , bodyBytes] = image ?? [blob.id, blob.k, blob.blockBytes, blob.sizeBytes];
    const plainBytes = plainBytesOf(shapeOf(parts), bodyBytes);
    return new SealedReader(parts, await key.cipherOf(idBytes(bodyId), plainBytes, store.sealing.blocks));
  }

  get blobId(): string {
    return this.#blob.id;
  }

  get ending(): boolean {
    return this.#reader.ending;
  }

  get damage(): Damage[] {
    const own = this.#reader.damage;
    const known = new Set(own.map(({ shard }) => shard));
    return [...own, ...[...this.#otherDamage.values()].filter(({ shard }) => !known.has(shard))];
  }

  get missedDrives(): string[] {
    return this.#reader.missedDrives;
  }

  prime(): void {
    this.#reader.prime();
  }

  /** Resolves when the first bytes are there and opened. Throws `StoreError` drives-unavailable. */
  async ready(): Promise<void> {
    this.#first ??= this.#next();
    await this.#first;
  }

  /** The next bytes, in memory of their own, or null at the end. Throws as `ready`. */
  next(): Promise<Uint8Array | null> {
    const first = this.#first;
    this.#first = null;
    return first ?? this.#next();
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }

  async #next(): Promise<Uint8Array | null> {
    if (this.#at >= this.#end) return null;
    const block = this.#blockAt(this.#at);
    const sealed = await this.#stored(this.#storedBytes(block));
    const plain = (await this.#cipher.open(block.number, sealed)) ?? (await this.#rescue(block));
    const from = this.#at - block.plainOffset;
    const to = Math.min(block.plainBytes, this.#end - block.plainOffset);
    this.#at = block.plainOffset + to;
    return plain.subarray(from, to);
  }

  /** The block's plain bytes without one of the shards, whichever is wrong. */
  async #rescue(block: SealedBlock): Promise<Uint8Array> {
    const { k, m } = this.#blob;
    const own = this.#base === 0 && this.#bodyBytes === this.#blob.sizeBytes ? block.number % k : 0;
    const others = Array.from({ length: k + m }, (_, shard) => shard).filter((shard) => shard !== own);
    // Last with all shards, verified: this finds faults if no shard can be left out.
    for (const shard of [own, ...others, NO_SHARD]) {
      const plain = await this.#openWithout(block, shard);
      if (!plain) continue;
      this.#reader.distrust(shard);
      return plain;
    }
    const reason = `block ${block.number} of blob ${this.#blob.id} does not open`;
    throw new StoreError({ kind: "drives-unavailable", needed: k, available: 0, why: [{ drive: "all", reason }] });
  }

  async #openWithout(block: SealedBlock, shard: number): Promise<Uint8Array | null> {
    const range = { offset: block.blobOffset - this.#base, length: this.#storedBytes(block) };
    const reader = new BlobReader(this.#store, this.#blob, range, { lateDrives: this.#lateDrives });
    reader.distrust(shard);
    try {
      const { bytes } = await gather(reader, NOTHING, range.length);
      return await this.#cipher.open(block.number, bytes);
    } catch (error) {
      // Without it too few are left.
      if (error instanceof StoreError && error.failure.kind === "drives-unavailable") return null;
      throw error;
    } finally {
      await reader.cancel();
      for (const one of reader.damage) if (one.shard !== shard) this.#otherDamage.set(one.shard, one);
    }
  }

  async #stored(length: number): Promise<Uint8Array> {
    const { bytes, rest } = await gather(this.#reader, this.#rest, length);
    this.#rest = rest;
    return bytes;
  }

  #blockAt(offset: number): SealedBlock {
    return blockAt(this.#shape, this.#bodyBytes, offset);
  }

  #storedBytes({ plainBytes }: SealedBlock): number {
    return plainBytes + this.#shape.tagBytes;
  }
}

interface SealedParts {
  store: StoreContext;
  blob: BlobRow;
  range: BlobRange;
  lateDrives: LateDrives;
  key: ObjectKey;
  image?: SealedImage;
}

const NOTHING = new Uint8Array(0);

function shapeOf({ blob, key, image }: SealedParts): SealedShape {
  const [, k, blockBytes] = image ?? [blob.id, blob.k, blob.blockBytes];
  return { k, blockBytes, tagBytes: key.tagBytes };
}

/**
 * The next `length` bytes, beginning with `rest`. Also returns the rest of the last piece, which is
 * valid until the next call.
 */
async function gather(
  reader: BlobReader,
  rest: Uint8Array,
  length: number,
): Promise<{ bytes: Uint8Array; rest: Uint8Array }> {
  const first = rest.length > 0 ? rest : await reader.next();
  // Usually the reader returns exactly one block of the blob.
  if (first && first.length >= length) return { bytes: first.subarray(0, length), rest: first.subarray(length) };
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (let piece = first; ; piece = await reader.next()) {
    if (!piece) throw new Error("a blob's reader ended early");
    const taken = Math.min(piece.length, length - filled);
    bytes.set(piece.subarray(0, taken), filled);
    filled += taken;
    if (filled === length) return { bytes, rest: piece.subarray(taken) };
  }
}
