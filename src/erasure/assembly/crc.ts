// CRC-32, CRC-32C and CRC-64/NVME: reflected, initial value and final XOR all ones. 32-bit CRCs use the low half of a u64.

import { registerCrc32, registerCrc32c, registerCrc64 } from "./generated";
import { CRC64_POLYNOMIAL } from "./slice";

/** CRC-32 of `bytes` bytes at `p`, continuing from the CRC of what came before (0 at the start). */
export function crc32(p: usize, bytes: usize, crc: u32): u32 {
  return ~(<u32>registerCrc32(p, bytes, ~crc));
}

/** CRC-32C; see `crc32`. */
export function crc32c(p: usize, bytes: usize, crc: u32): u32 {
  return ~(<u32>registerCrc32c(p, bytes, ~crc));
}

/** CRC-64/NVME; see `crc32`. */
export function crc64nvme(p: usize, bytes: usize, crc: u64): u64 {
  return ~registerCrc64(p, bytes, ~crc);
}

/** Product of two polynomials modulo CRC-64's, both reflected (bit 63 is the constant term). */
function multiply64(a: u64, b: u64): u64 {
  let product: u64 = 0;
  for (let bit = 0; bit < 64; bit++) {
    if (a >> 63) product ^= b;
    a <<= 1;
    b = (b >> 1) ^ (b & 1 ? CRC64_POLYNOMIAL : 0);
  }
  return product;
}

/** x^(8 * bytes) modulo CRC-64's polynomial, reflected. */
function shift64(bytes: usize): u64 {
  let power: u64 = 1 << 55;
  let result: u64 = 1 << 63;
  for (; bytes; bytes >>= 1) {
    if (bytes & 1) result = multiply64(result, power);
    power = multiply64(power, power);
  }
  return result;
}

let knownBytes: usize = 0;
let knownShift: u64 = 1 << 63;

/** `shift64`, remembering the last answer: the blocks of a stripe are equally long. */
function shiftOnce(bytes: usize): u64 {
  if (bytes != knownBytes) {
    knownShift = shift64(bytes);
    knownBytes = bytes;
  }
  return knownShift;
}

/** CRC-64/NVME of two runs of bytes, one after the other, from theirs and the length of the second. */
export function crc64Join(first: u64, second: u64, secondBytes: usize): u64 {
  return multiply64(first, shiftOnce(secondBytes)) ^ second;
}

/** CRC-64/NVME of a run of bytes followed by `zeroBytes` zeros. */
export function crc64Pad(crc: u64, zeroBytes: usize): u64 {
  return ~multiply64(~crc, shiftOnce(zeroBytes));
}
