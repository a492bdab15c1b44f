import { concat } from "../../base/bytes.ts";
import { SelectFailure } from "../failure.ts";
import type { Pieces } from "./pieces.ts";

/** Bits of a stream of bytes, the highest of each byte first. */
export class BitInput {
  readonly #source: Pieces;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Bits of the last byte that are not read yet, in the lowest places. */
  #held = 0;
  #heldBits = 0;
  #isFinal = false;

  constructor(source: Pieces) {
    this.#source = source;
  }

  /** Reads on until `bytes` are there, or the source ends: what is read of them afterwards needs no waiting. */
  async want(bytes: number): Promise<void> {
    if (this.#isFinal || this.#bytes.length - this.#at >= bytes) return;
    const pieces = [this.#bytes.subarray(this.#at)];
    let length = this.#bytes.length - this.#at;
    while (length < bytes) {
      const piece = await this.#source.next();
      if (piece === null) {
        this.#isFinal = true;
        break;
      }
      pieces.push(piece.slice());
      length += piece.length;
    }
    this.#bytes = concat(pieces);
    this.#at = 0;
  }

  /** Nothing is left, apart from bits of a byte that was begun. */
  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next `count` bits, up to 24. Throws TruncatedInput. */
  bits(count: number): number {
    while (this.#heldBits < count) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new SelectFailure("TruncatedInput");
      this.#at += 1;
      this.#held = ((this.#held << 8) | byte) & 0x7fffffff;
      this.#heldBits += 8;
    }
    this.#heldBits -= count;
    const value = (this.#held >>> this.#heldBits) & ((1 << count) - 1);
    this.#held &= (1 << this.#heldBits) - 1;
    return value;
  }

  bits32(): number {
    return this.bits(16) * 65_536 + this.bits(16);
  }

  /** Drops what is left of a byte that was begun. */
  align(): void {
    this.#heldBits = 0;
    this.#held = 0;
  }
}
