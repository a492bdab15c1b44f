import { SelectFailure } from "../failure.ts";
import type { Work } from "../work.ts";
import { BitInput } from "./bit-input.ts";
import { type BzipBlock, decodeBlock } from "./bzip-block.ts";
import type { Pieces } from "./pieces.ts";

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const OUTPUT_BYTES = 256 * 1024;
/** No block of bzip2 is longer: 900,000 symbols of at most 20 bits, and its tables. */
const BLOCK_MAX_BYTES = 2_400_000;
/** What there is to do, in units of `Work`: for a header or a trailer, a block, a byte of a block, and a byte that is handed out. */
const HEADER_UNITS = 2_000;
const BLOCK_UNITS = 50_000;
const BYTE_UNITS = 60;
const READ_UNITS = 5;

/** What bzip2 streams decompress to, one after another. Others get their turn between blocks. Throws InvalidCompressionFormat, TruncatedInput. */
export function bunzip(source: Pieces, work: Work): Pieces {
  return new Bunzip(source, work);
}

/**
 * bzip2, a block at a time; a block is handed out in pieces, because runs make it up to fifty times as long as it is in memory. The format has no
 * specification but its program; Julian Seward's "bzip2 and libbzip2" and Joe Tsai's "BZIP2: Format Specification" describe it.
 */
class Bunzip implements Pieces {
  readonly #source: Pieces;
  readonly #input: BitInput;
  readonly #output = new Uint8Array(OUTPUT_BYTES);
  readonly #work: Work;
  #blockBytesMax = 0;
  /** Memory of the block, for all of them. */
  #order = new Uint32Array(0);
  #block: BzipBlock | null = null;
  #streamCrc = 0;
  #sawStream = false;

  constructor(source: Pieces, work: Work) {
    this.#source = source;
    this.#work = work;
    this.#input = new BitInput(source);
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#block === null && !(await this.#nextBlock())) return null;
      const block = this.#block as unknown as BzipBlock;
      const length = block.read(this.#output);
      this.#work.spendOutside(length * READ_UNITS);
      if (length > 0) return this.#output.subarray(0, length);
      if (!block.isIntact) throw truncated();
      this.#streamCrc = ((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ block.crc;
      this.#block = null;
    }
  }

  async cancel(): Promise<void> {
    await this.#source.cancel();
  }

  /** False at the end of the last stream. */
  async #nextBlock(): Promise<boolean> {
    const input = this.#input;
    for (;;) {
      if (this.#work.isTurnOver) await this.#work.rest();
      this.#work.spendOutside(HEADER_UNITS);
      await input.want(BLOCK_MAX_BYTES);
      if (this.#blockBytesMax === 0 && !this.#readHeader()) return false;
      const magic = input.bits(24) * 2 ** 24 + input.bits(24);
      const crc = input.bits32();
      if (magic === BLOCK_MAGIC) {
        if (this.#order.length < this.#blockBytesMax) this.#order = new Uint32Array(this.#blockBytesMax);
        this.#block = decodeBlock(input, this.#order.subarray(0, this.#blockBytesMax), crc);
        this.#work.spendOutside(BLOCK_UNITS + this.#block.length * BYTE_UNITS);
        return true;
      }
      if (magic !== END_MAGIC || crc !== this.#streamCrc >>> 0) throw truncated();
      input.align();
      this.#blockBytesMax = 0;
    }
  }

  /** False if nothing follows. */
  #readHeader(): boolean {
    const input = this.#input;
    if (this.#sawStream && input.isEmpty) return false;
    const level = input.isEmpty || input.bits(24) !== 0x425a68 ? 0 : input.bits(8) - 48;
    if (level < 1 || level > 9) throw new SelectFailure("InvalidCompressionFormat");
    this.#sawStream = true;
    this.#streamCrc = 0;
    this.#blockBytesMax = level * 100_000;
    return true;
  }
}

function truncated(): SelectFailure {
  return new SelectFailure("TruncatedInput");
}
