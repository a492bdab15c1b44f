import { SelectFailure } from "../failure.ts";
import type { BitInput } from "./bit-input.ts";

const GROUP_SYMBOLS = 50;
const CODE_MAX_BITS = 20;

/** A decoded block, whose runs are spelled out as it is read. */
export interface BzipBlock {
  /** Fills `output`, and returns how many bytes it wrote; 0 at the end. */
  read(output: Uint8Array): number;
  /** As the block says that its CRC is. */
  readonly crc: number;
  /** Whether what was read has that CRC: to be asked at the end. */
  readonly isIntact: boolean;
  /** Entries of `order` that it takes. */
  readonly length: number;
}

/**
 * Decodes the block after its magic number and its CRC, of which all bytes must be there. `order` has room for the longest block of the stream; it is
 * in use for as long as the block is. Throws TruncatedInput.
 */
export function decodeBlock(input: BitInput, order: Uint32Array, crc: number): BzipBlock {
  // "Randomised" blocks are of versions before 0.9.5, of 1998.
  if (input.bits(1) === 1) throw damaged();
  const origin = input.bits(24);
  const symbols = readSymbols(input);
  const tables = readTables(input, symbols.length + 2);
  const counts = new Uint32Array(256);
  const length = readMoves({ input, symbols, tables }, order, counts);
  if (origin >= length) throw damaged();
  invert(order, counts, length);
  return new Runs(order, { length, origin, crc });
}

/** The bytes that occur in the block, in their order. */
function readSymbols(input: BitInput): Uint8Array {
  const symbols: number[] = [];
  const ranges = input.bits(16);
  for (let range = 0; range < 16; range += 1) {
    if (((ranges >> (15 - range)) & 1) === 0) continue;
    const used = input.bits(16);
    for (let low = 0; low < 16; low += 1) if ((used >> (15 - low)) & 1) symbols.push(range * 16 + low);
  }
  if (symbols.length === 0) throw damaged();
  return Uint8Array.from(symbols);
}

/** A canonical Huffman code: for each length the first code, the last code, and where its symbols begin. */
interface Code {
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint16Array;
}

interface Tables {
  readonly codes: readonly Code[];
  /** Which code each group of 50 symbols uses. */
  readonly selectors: Uint8Array;
}

function readTables(input: BitInput, symbolCount: number): Tables {
  const codeCount = input.bits(3);
  const selectorCount = input.bits(15);
  if (codeCount < 2 || codeCount > 6 || selectorCount === 0) throw damaged();
  const recent = Array.from({ length: codeCount }, (_, index) => index);
  const selectors = new Uint8Array(selectorCount);
  for (let index = 0; index < selectorCount; index += 1) {
    let place = 0;
    while (input.bits(1) === 1) {
      place += 1;
      if (place >= codeCount) throw damaged();
    }
    const [code] = recent.splice(place, 1) as [number];
    recent.unshift(code);
    selectors[index] = code;
  }
  return { codes: Array.from({ length: codeCount }, () => readCode(input, symbolCount)), selectors };
}

function readCode(input: BitInput, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount);
  let length = input.bits(5);
  for (let symbol = 0; symbol < symbolCount; symbol += 1) {
    for (;;) {
      if (length < 1 || length > CODE_MAX_BITS) throw damaged();
      if (input.bits(1) === 0) break;
      length += input.bits(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  const first = new Int32Array(CODE_MAX_BITS + 1);
  const last = new Int32Array(CODE_MAX_BITS + 1).fill(-1);
  const offset = new Int32Array(CODE_MAX_BITS + 1);
  const symbols = new Uint16Array(symbolCount);
  let code = 0;
  let placed = 0;
  for (let bits = 1; bits <= CODE_MAX_BITS; bits += 1) {
    first[bits] = code;
    offset[bits] = placed;
    for (let symbol = 0; symbol < symbolCount; symbol += 1) if (lengths[symbol] === bits) symbols[placed++] = symbol;
    code += placed - (offset[bits] as number);
    if (placed > (offset[bits] as number)) last[bits] = code - 1;
    code <<= 1;
  }
  return { first, last, offset, symbols };
}

/** Undoes Huffman's code, the runs of the first symbol, and move-to-front. Returns how many bytes there are. */
function readMoves(
  { input, symbols, tables }: { input: BitInput; symbols: Uint8Array; tables: Tables },
  bytes: Uint32Array,
  counts: Uint32Array,
): number {
  const recent = symbols.slice();
  const endSymbol = symbols.length + 1;
  let length = 0;
  let group = 0;
  let left = 0;
  let code = tables.codes[0] as Code;
  let run = 0;
  let weight = 1;
  for (;;) {
    if (left === 0) {
      const selector = tables.selectors[group];
      if (selector === undefined) throw damaged();
      code = tables.codes[selector] as Code;
      group += 1;
      left = GROUP_SYMBOLS;
    }
    left -= 1;
    const symbol = readSymbol(input, code);
    if (symbol <= 1) {
      run += weight << symbol;
      weight *= 2;
      // Beyond this a run cannot be: checked here, so that no number overflows.
      if (run > bytes.length) throw damaged();
      continue;
    }
    if (run > 0) {
      const byte = recent[0] as number;
      if (length + run > bytes.length) throw damaged();
      bytes.fill(byte, length, length + run);
      counts[byte] = (counts[byte] as number) + run;
      length += run;
      run = 0;
      weight = 1;
    }
    if (symbol === endSymbol) return length;
    if (length >= bytes.length || symbol > endSymbol) throw damaged();
    const byte = recent[symbol - 1] as number;
    recent.copyWithin(1, 0, symbol - 1);
    recent[0] = byte;
    bytes[length++] = byte;
    counts[byte] = (counts[byte] as number) + 1;
  }
}

function readSymbol(input: BitInput, { first, last, offset, symbols }: Code): number {
  let code = 0;
  for (let bits = 1; bits <= CODE_MAX_BITS; bits += 1) {
    code = (code << 1) | input.bits(1);
    if (code <= (last[bits] as number))
      return symbols[(offset[bits] as number) + code - (first[bits] as number)] ?? 0xffff;
  }
  throw damaged();
}

/** Undoes the Burrows-Wheeler transform: each entry gets the place of the next one above its byte. */
function invert(order: Uint32Array, counts: Uint32Array, length: number): void {
  const places = new Uint32Array(256);
  for (let byte = 0, sum = 0; byte < 256; byte += 1) {
    places[byte] = sum;
    sum += counts[byte] as number;
  }
  for (let at = 0; at < length; at += 1) {
    const byte = (order[at] as number) & 0xff;
    const place = places[byte] as number;
    places[byte] = place + 1;
    order[place] = (order[place] as number) | (at << 8);
  }
}

/** The bytes of a block in their order, four equal ones and a count spelled out. */
class Runs implements BzipBlock {
  readonly crc: number;
  readonly length: number;
  readonly #order: Uint32Array;
  #left: number;
  #entry: number;
  #previous = -1;
  /** How often the previous byte came in a row. */
  #same = 0;
  /** How often it comes again. */
  #repeats = 0;
  #computed = 0xffffffff;

  constructor(order: Uint32Array, { length, origin, crc }: { length: number; origin: number; crc: number }) {
    this.crc = crc;
    this.length = length;
    this.#order = order;
    this.#left = length;
    this.#entry = order[origin] as number;
  }

  get isIntact(): boolean {
    return (this.#computed ^ 0xffffffff) >>> 0 === this.crc;
  }

  read(output: Uint8Array): number {
    let at = 0;
    let crc = this.#computed;
    while (at < output.length) {
      if (this.#repeats > 0) {
        this.#repeats -= 1;
      } else {
        if (this.#left === 0) break;
        this.#left -= 1;
        this.#entry = this.#order[this.#entry >>> 8] as number;
        const byte = this.#entry & 0xff;
        if (this.#same === 4) {
          this.#same = 0;
          this.#repeats = byte;
          continue;
        }
        this.#same = byte === this.#previous ? this.#same + 1 : 1;
        this.#previous = byte;
      }
      output[at++] = this.#previous;
      crc = (crc << 8) ^ (CRC[(crc >>> 24) ^ this.#previous] as number);
    }
    this.#computed = crc;
    return at;
  }
}

/** CRC-32 with the highest bit first. */
const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

function damaged(): SelectFailure {
  return new SelectFailure("TruncatedInput");
}
