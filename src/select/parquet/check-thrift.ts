/** More elements than the footer of any file that fits into an isolate has. */
const ELEMENTS_MAX = 500_000;
const DEPTH_MAX = 32;

/** The bytes end before the structure does. */
export class Incomplete extends Error {
  override readonly name = "Incomplete";
}

/**
 * Looks through a structure of Thrift's compact protocol before it is decoded: a list that says that it has more elements than there are bytes is
 * refused, so that nothing is allocated for it. Returns where the structure ends. Throws `Incomplete`, `RangeError` for what cannot be.
 */
export function endOfThrift(bytes: Uint8Array, begin: number, end: number): number {
  const walk = new ThriftWalk(bytes, begin, end);
  walk.struct(0);
  return walk.at;
}

class ThriftWalk {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #elements = 0;

  constructor(bytes: Uint8Array, begin: number, end: number) {
    this.#bytes = bytes;
    this.at = begin;
    this.#end = end;
  }

  struct(depth: number): void {
    if (depth > DEPTH_MAX) throw new RangeError("thrift is too deep");
    for (;;) {
      const head = this.#byte();
      if ((head & 15) === 0) return;
      if (head >> 4 === 0) this.#varint();
      this.#value(head & 15, depth);
    }
  }

  /** By the numbers of the compact protocol: 1 and 2 booleans, 3 a byte, 4 to 6 integers, 7 a double, 8 bytes, 9 a list, 12 a structure. */
  #value(type: number, depth: number): void {
    this.#elements += 1;
    if (this.#elements > ELEMENTS_MAX) throw new RangeError("thrift has too many elements");
    if (type === 1 || type === 2) return;
    if (type === 3) this.#skip(1);
    else if (type <= 6) this.#varint();
    else if (type === 7) this.#skip(8);
    else if (type === 8) this.#skip(this.#varint());
    else if (type === 9) this.#list(depth);
    else if (type === 12) this.struct(depth + 1);
    else throw new RangeError("thrift has a type that Parquet has not");
  }

  #list(depth: number): void {
    if (depth > DEPTH_MAX) throw new RangeError("thrift is too deep");
    const head = this.#byte();
    const type = head & 15;
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (size > ELEMENTS_MAX) throw new RangeError("a thrift list is too long");
    if (size > this.#end - this.at) throw new Incomplete();
    // An element of a list of booleans takes a byte.
    for (let index = 0; index < size; index += 1) this.#value(type === 1 || type === 2 ? 3 : type, depth + 1);
  }

  #byte(): number {
    if (this.at >= this.#end) throw new Incomplete();
    const byte = this.#bytes[this.at] as number;
    this.at += 1;
    return byte;
  }

  #skip(length: number): void {
    if (length > this.#end - this.at) throw new Incomplete();
    this.at += length;
  }

  /** Unsigned, of up to 64 bits. */
  #varint(): number {
    let value = 0;
    for (let scale = 1, count = 0; count < 10; count += 1, scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError("a thrift integer is too long");
  }
}
