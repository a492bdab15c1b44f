/** What the hashes of xxHash are made of, over 64-bit words as bigints. */

export const PRIMES = {
  P32_1: 0x9e3779b1n,
  P32_2: 0x85ebca77n,
  P32_3: 0xc2b2ae3dn,
  P64_1: 0x9e3779b185ebca87n,
  P64_2: 0xc2b2ae3d27d4eb4fn,
  P64_3: 0x165667b19e3779f9n,
  P64_4: 0x85ebca77c2b2ae63n,
  P64_5: 0x27d4eb2f165667c5n,
} as const;

/** XXH3's default secret. */
export const SECRET = Uint8Array.from(
  (
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221" +
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb" +
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
  )
    .match(/../g)
    ?.map((hex) => Number.parseInt(hex, 16)) ?? [],
);

export const u64 = (value: bigint) => BigInt.asUintN(64, value);

/** The integer in `count` (4 or 8) bytes from `at` on, least significant first. */
export function littleEndian(bytes: Uint8Array, at: number, count: 4 | 8): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, count);
  return count === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true);
}
