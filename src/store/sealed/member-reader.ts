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

/** Reads a range of a sealed object that lies in a pack: all of it is read and opened, as there is one tag. */
export class MemberReader implements PieceReader {
  readonly blobId: string;
  readonly #member: PackMember;
  readonly #range: BlobRange;
  readonly #reader: BlobReader;
  #opened: Promise<Uint8Array> | null = null;
  #isDone = false;

  /** `range` lies in the member's plain bytes. */
  constructor(
    { store, blob, lateDrives }: { store: StoreContext; blob: BlobRow; lateDrives: LateDrives },
    member: PackMember,
    range: BlobRange,
  ) {
    this.blobId = blob.id;
    this.#member = member;
    this.#range = range;
    const length = member.plainBytes + member.key.sealedOverheadBytes;
    this.#reader = new BlobReader(store, blob, { offset: member.offset, length }, lateDrives);
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
    const { key, plainBytes } = this.#member;
    const sealed = new Uint8Array(plainBytes + key.sealedOverheadBytes);
    let at = 0;
    for (let piece = await this.#reader.next(); piece; piece = await this.#reader.next()) {
      sealed.set(piece, at);
      at += piece.length;
    }
    const plain = key.openBytes(sealed);
    if (plain) return plain;
    const reason = `an object in pack ${this.blobId} does not open`;
    throw new StoreError({ kind: "drives-unavailable", needed: 1, available: 0, why: [{ drive: "all", reason }] });
  }
}
