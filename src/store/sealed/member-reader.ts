import type { BlobRow } from "../../metadata/rows.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import type { LateDrives } from "../read/late-drives.ts";
import { type BlobRange, BlobReader, type Damage } from "../read/read-blob.ts";
import type { PieceReader } from "./sealed-reader.ts";

/** A sealed object in a pack. */
export interface PackMember {
  /** Of its sealed bytes, in the pack. */
  offset: number;
  plainBytes: number;
  key: ObjectKey;
}

/**
 * Reads a range of a sealed object in a pack. The whole object is read and opened, because it has
 * one tag. If it does not open, somebody altered it who could compute checks. Then the pack's
 * shards are left out one after the other until it opens, and the shard at fault counts as damaged.
 */
export class MemberReader implements PieceReader {
  readonly blobId: string;
  readonly #parts: MemberParts;
  readonly #member: PackMember;
  readonly #range: BlobRange;
  readonly #reader: BlobReader;
  #opened: Promise<Uint8Array> | null = null;
  #isDone = false;

  /** `range` is within the member's plain bytes. */
  constructor(parts: MemberParts, member: PackMember, range: BlobRange) {
    this.blobId = parts.blob.id;
    this.#parts = parts;
    this.#member = member;
    this.#range = range;
    this.#reader = this.#readerOfAll();
  }

  get ending(): boolean {
    return this.#reader.ending;
  }

  get damage(): Damage[] {
    return this.#reader.damage;
  }

  get missedDrives(): string[] {
    return this.#reader.missedDrives;
  }

  prime(): void {
    this.#reader.prime();
  }

  async ready(): Promise<void> {
    this.#opened ??= this.#open();
    await this.#opened;
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#isDone) return null;
    this.#opened ??= this.#open();
    const plain = await this.#opened;
    this.#isDone = true;
    return plain.subarray(this.#range.offset, this.#range.offset + this.#range.length);
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }

  async #open(): Promise<Uint8Array> {
    return (await this.#openWith(this.#reader)) ?? (await this.#rescue());
  }

  /** The object's plain bytes without one of the shards, whichever is wrong. */
  async #rescue(): Promise<Uint8Array> {
    const { blob } = this.#parts;
    for (const shard of blob.shards.keys()) {
      const plain = await this.#openWithout(shard);
      if (!plain) continue;
      this.#reader.distrust(shard);
      return plain;
    }
    const reason = `an object in pack ${blob.id} does not open`;
    throw new StoreError({ kind: "drives-unavailable", needed: blob.k, available: 0, why: [{ drive: "all", reason }] });
  }

  async #openWithout(shard: number): Promise<Uint8Array | null> {
    const reader = this.#readerOfAll();
    reader.distrust(shard);
    try {
      return await this.#openWith(reader);
    } catch (error) {
      // Without it too few are left.
      if (error instanceof StoreError && error.failure.kind === "drives-unavailable") return null;
      throw error;
    } finally {
      await reader.cancel();
    }
  }

  async #openWith(reader: BlobReader): Promise<Uint8Array | null> {
    const { key, plainBytes } = this.#member;
    const sealed = new Uint8Array(plainBytes + key.sealedOverheadBytes);
    let at = 0;
    for (let piece = await reader.next(); piece; piece = await reader.next()) {
      sealed.set(piece, at);
      at += piece.length;
    }
    return key.openBytes(sealed);
  }

  #readerOfAll(): BlobReader {
    const { store, blob, lateDrives } = this.#parts;
    const { offset, plainBytes, key } = this.#member;
    return new BlobReader(store, blob, { offset, length: plainBytes + key.sealedOverheadBytes }, { lateDrives });
  }
}

interface MemberParts {
  store: StoreContext;
  blob: BlobRow;
  lateDrives: LateDrives;
}
