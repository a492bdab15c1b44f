// The CRCs' tables, and the loop that needs nothing else: for short messages and for what folding leaves.

import { CRC32_TABLES, CRC32C_TABLES, CRC64_TABLES } from "./memory";

const CRC32_POLYNOMIAL: u64 = 0xedb88320;
const CRC32C_POLYNOMIAL: u64 = 0x82f63b78;
export const CRC64_POLYNOMIAL: u64 = 0x9a6c9329ac4bc9b5;

/** Table t, entry b: the register after byte b and then t zero bytes. */
function fillTables(tables: usize, polynomial: u64): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc: u64 = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? polynomial : 0);
    store<u64>(tables + (byte << 3), crc);
  }
  for (let entry: usize = tables + 2048; entry < tables + 16 * 2048; entry += 8) {
    const crc = load<u64>(entry - 2048);
    store<u64>(entry, (crc >> 8) ^ load<u64>(tables + ((<usize>crc & 255) << 3)));
  }
}

/** Must run once before any CRC is computed. */
export function fillCrcTables(): void {
  fillTables(CRC32_TABLES, CRC32_POLYNOMIAL);
  fillTables(CRC32C_TABLES, CRC32C_POLYNOMIAL);
  fillTables(CRC64_TABLES, CRC64_POLYNOMIAL);
}

// @ts-ignore: decorator
@inline
function lookUp(tables: usize, table: usize, word: u64, shift: u64): u64 {
  return load<u64>(tables + ((<usize>(word >> shift) & 255) << 3) + table * 2048);
}

// @ts-ignore: decorator
@inline
function lookUpWord(tables: usize, first: usize, word: u64): u64 {
  return lookUp(tables, first + 7, word, 0) ^ lookUp(tables, first + 6, word, 8)
    ^ lookUp(tables, first + 5, word, 16) ^ lookUp(tables, first + 4, word, 24)
    ^ lookUp(tables, first + 3, word, 32) ^ lookUp(tables, first + 2, word, 40)
    ^ lookUp(tables, first + 1, word, 48) ^ lookUp(tables, first, word, 56);
}

/** The register after `bytes` bytes at `p`, sixteen bytes a step. `register` is not inverted on either side. */
export function slice(tables: usize, p: usize, bytes: usize, register: u64): u64 {
  const end = p + bytes;
  const wordsEnd = p + (bytes & ~15);
  for (; p < wordsEnd; p += 16)
    register = lookUpWord(tables, 8, load<u64>(p) ^ register) ^ lookUpWord(tables, 0, load<u64>(p, 8));
  for (; p < end; p++) register = (register >> 8) ^ load<u64>(tables + (((<usize>register ^ load<u8>(p)) & 255) << 3));
  return register;
}
