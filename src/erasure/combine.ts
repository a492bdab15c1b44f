/** The CRCs that combine: that of two runs of bytes follows from theirs and the length of the second. */
export type CrcName = "crc32" | "crc32c" | "crc64nvme";

interface Field {
  readonly width: bigint;
  /** The CRC's polynomial, reflected. */
  readonly polynomial: bigint;
}

const FIELDS: Record<CrcName, Field> = {
  crc32: { width: 32n, polynomial: 0xedb88320n },
  crc32c: { width: 32n, polynomial: 0x82f63b78n },
  crc64nvme: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
};

/** Product of two polynomials modulo the CRC's, all reflected: the top bit is the constant term. */
function multiply({ width, polynomial }: Field, a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = width - 1n; bit >= 0n; bit--) {
    if ((a >> bit) & 1n) product ^= shifted;
    shifted = (shifted >> 1n) ^ (shifted & 1n ? polynomial : 0n);
  }
  return product;
}

/** x^(8 * bytes) modulo the CRC's polynomial, reflected. */
function shiftBy(field: Field, bytes: number): bigint {
  const top = field.width - 1n;
  let power = 1n << (top - 8n);
  let result = 1n << top;
  for (let rest = BigInt(bytes); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = multiply(field, result, power);
    power = multiply(field, power, power);
  }
  return result;
}

/** The CRC of A followed by B, from the CRC of A, that of B, and the bytes of B (below 2^53). */
export function combineCrc(name: CrcName, first: bigint, second: bigint, secondBytes: number): bigint {
  if (secondBytes === 0) return first;
  const field = FIELDS[name];
  return multiply(field, first, shiftBy(field, secondBytes)) ^ second;
}
