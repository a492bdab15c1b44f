/** The CRCs that combine: that of two runs of bytes follows from theirs and the length of the second. */
export type CrcName = "crc32" | "crc32c" | "crc64nvme";

/** A polynomial of degree below 64 or 32 over GF(2), reflected: its constant term is the top bit. 32-bit ones have `hi` 0. */
interface Polynomial {
  readonly hi: number;
  readonly lo: number;
}

interface Field {
  /** The CRC's polynomial without its highest term. */
  readonly modulus: Polynomial;
  readonly one: Polynomial;
  /** x^(8 * 2^i), computed when first needed. */
  readonly powers: Polynomial[];
}

const FIELDS: Record<CrcName, Field> = {
  crc32: field32(0xedb88320),
  crc32c: field32(0x82f63b78),
  crc64nvme: {
    modulus: { hi: 0x9a6c9329, lo: 0xac4bc9b5 },
    one: { hi: 0x80000000, lo: 0 },
    powers: [{ hi: 0x00800000, lo: 0 }],
  },
};

function field32(modulus: number): Field {
  return { modulus: { hi: 0, lo: modulus }, one: { hi: 0, lo: 0x80000000 }, powers: [{ hi: 0, lo: 0x00800000 }] };
}

/** Product modulo the CRC's polynomial. Numbers and not bigints: this runs once for each stripe. */
function multiply({ modulus, one }: Field, a: Polynomial, b: Polynomial): Polynomial {
  let [hi, lo] = [0, 0];
  let [shiftedHi, shiftedLo] = [b.hi, b.lo];
  for (const word of one.hi === 0 ? [a.lo] : [a.hi, a.lo]) {
    for (let bit = 31; bit >= 0; bit--) {
      if ((word >>> bit) & 1) {
        hi ^= shiftedHi;
        lo ^= shiftedLo;
      }
      const mask = -(shiftedLo & 1);
      shiftedLo = ((shiftedLo >>> 1) | (shiftedHi << 31)) ^ (modulus.lo & mask);
      shiftedHi = (shiftedHi >>> 1) ^ (modulus.hi & mask);
    }
  }
  return { hi: hi >>> 0, lo: lo >>> 0 };
}

/** x^(8 * 2^i) modulo the CRC's polynomial. */
function power(field: Field, i: number): Polynomial {
  for (let have = field.powers.length; have <= i; have++) {
    const last = field.powers[have - 1] as Polynomial;
    field.powers.push(multiply(field, last, last));
  }
  return field.powers[i] as Polynomial;
}

/** x^(8 * bytes) modulo the CRC's polynomial. */
function shiftBy(field: Field, bytes: number): Polynomial {
  let result = field.one;
  for (let i = 0, rest = bytes; rest > 0; i++, rest = Math.floor(rest / 2))
    if (rest % 2 === 1) result = multiply(field, result, power(field, i));
  return result;
}

/** The CRC of A followed by B, from the CRC of A, that of B, and the bytes of B (below 2^53). */
export function combineCrc(name: CrcName, first: bigint, second: bigint, secondBytes: number): bigint {
  const field = FIELDS[name];
  const a = { hi: Number(first >> 32n), lo: Number(first & 0xffffffffn) };
  const { hi, lo } = multiply(field, a, shiftBy(field, secondBytes));
  return ((BigInt(hi) << 32n) | BigInt(lo)) ^ second;
}
