// A slow codec written from the definition in docs/storage-format.md, symbol by symbol and bit by bit. Shares no code with src/.

const UNIT = 128;
const EXPONENTS = [0, 1, -1, 2];

/** Product in GF(2^8) modulo 0x11d: shift and add. */
export function times(a: number, b: number): number {
  let product = 0;
  let shifted = a;
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) product ^= shifted;
    shifted = (shifted << 1) ^ (shifted & 0x80 ? 0x11d : 0);
  }
  return product;
}

/** `base` to the power `exponent`, which may be negative, by repeated multiplication. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < ((exponent % 255) + 255) % 255; i++) result = times(result, base);
  return result;
}

/** The factor of data shard `shard` in parity row `row`. */
export function factor(row: number, shard: number): number {
  return power(2, (EXPONENTS[row] as number) * shard);
}

/** Symbol `s` (0 to 127) of the 128-byte group at `group`: bit p is bit s of the 16-byte vector p, bits counted from the lowest. */
function readSymbol(block: Uint8Array, group: number, s: number): number {
  let symbol = 0;
  for (let plane = 0; plane < 8; plane++) {
    const byte = block[group + 16 * plane + (s >> 3)] as number;
    symbol |= ((byte >> (s & 7)) & 1) << plane;
  }
  return symbol;
}

function addSymbol(block: Uint8Array, group: number, s: number, symbol: number): void {
  for (let plane = 0; plane < 8; plane++) {
    const at = group + 16 * plane + (s >> 3);
    block[at] = (block[at] as number) ^ (((symbol >> plane) & 1) << (s & 7));
  }
}

/** The m parity blocks of k data blocks of equal length. */
export function referenceParity(data: readonly Uint8Array[], m: number): Uint8Array[] {
  const bytes = data[0]?.length ?? 0;
  return Array.from({ length: m }, (_, row) => {
    const parity = new Uint8Array(bytes);
    data.forEach((block, shard) => {
      const table = Array.from({ length: 256 }, (_, symbol) => times(symbol, factor(row, shard)));
      for (let group = 0; group < bytes; group += UNIT)
        for (let s = 0; s < UNIT; s++) addSymbol(parity, group, s, table[readSymbol(block, group, s)] as number);
    });
    return parity;
  });
}

/** A reflected CRC with all-ones start and final XOR, bit by bit. */
function referenceCrc(bytes: Uint8Array, width: number, polynomial: bigint): bigint {
  const ones = (1n << BigInt(width)) - 1n;
  let crc = ones;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? polynomial : 0n);
  }
  return crc ^ ones;
}

export const referenceCrc32 = (bytes: Uint8Array) => referenceCrc(bytes, 32, 0xedb88320n);
export const referenceCrc32c = (bytes: Uint8Array) => referenceCrc(bytes, 32, 0x82f63b78n);
export const referenceCrc64 = (bytes: Uint8Array) => referenceCrc(bytes, 64, 0x9a6c9329ac4bc9b5n);
