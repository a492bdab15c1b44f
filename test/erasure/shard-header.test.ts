import fc from "fast-check";
import { expect, test } from "vitest";
import { largestBlockBytes } from "../../src/erasure/geometry.ts";
import { encodeShardHeader, parseShardHeader, type ShardHeader } from "../../src/erasure/shard-header.ts";
import { createEngine } from "../support/kernel.ts";
import { referenceCrc64 } from "./reference.ts";
import { BLOB_ID } from "./samples.ts";

const engine = await createEngine(1);
const crc64 = (bytes: Uint8Array) => engine.crc64nvme(bytes);

const EXAMPLE: ShardHeader = { k: 4, m: 2, shard: 5, blobId: BLOB_ID, blockBytes: 262_144, blobBytes: 5 * 2 ** 40 };

const headers: fc.Arbitrary<ShardHeader> = fc
  .record({ k: fc.integer({ min: 1, max: 16 }), m: fc.integer({ min: 0, max: 4 }) })
  .chain(({ k, m }) =>
    fc.record({
      k: fc.constant(k),
      m: fc.constant(m),
      shard: fc.nat(k + m - 1),
      blobId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      blockBytes: fc.integer({ min: 1, max: largestBlockBytes({ k, m }) / 128 }).map((units) => units * 128),
      blobBytes: fc.maxSafeNat(),
    }),
  );

/** The bytes with some changed and a valid CRC again. */
function resealed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  change(view);
  view.setBigUint64(56, crc64(copy.subarray(0, 56)), true);
  return copy;
}

test("what is written is read", () => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 40 }), (header, after) => {
      const bytes = encodeShardHeader(header, crc64);
      expect(bytes.length).toBe(64);
      expect(parseShardHeader(Uint8Array.from([...bytes, ...after]), crc64)).toEqual({ ok: true, header });
    }),
  );
});

test("every field where the format says", () => {
  const bytes = encodeShardHeader(EXAMPLE, crc64);
  const view = new DataView(bytes.buffer);
  expect([...bytes.subarray(0, 8)]).toEqual([0x53, 0x48, 0x45, 0x52, 0x44, 0x0d, 0x0a, 0x1a]);
  expect(view.getUint16(8, true)).toBe(1);
  expect([...bytes.subarray(10, 16)]).toEqual([4, 2, 5, 0, 0, 0]);
  expect(bytes.subarray(16, 32)).toEqual(BLOB_ID);
  expect(view.getBigUint64(32, true)).toBe(262_144n);
  expect(view.getBigUint64(40, true)).toBe(5n << 40n);
  expect(view.getBigUint64(48, true)).toBe(0n);
  expect(view.getBigUint64(56, true)).toBe(referenceCrc64(bytes.subarray(0, 56)));
});

test("any change of any bit is noticed", () => {
  const bytes = encodeShardHeader(EXAMPLE, crc64);
  for (let bit = 0; bit < 64 * 8; bit++) {
    const copy = bytes.slice();
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(parseShardHeader(copy, crc64)).toEqual({ ok: false, flaw: bit < 64 ? "foreign" : "corrupt" });
  }
});

test("arbitrary bytes never throw and never pass", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(parseShardHeader(bytes, crc64).ok).toBe(false);
    }),
  );
  expect(parseShardHeader(new Uint8Array(63), crc64)).toEqual({ ok: false, flaw: "too-short", bytes: 63 });
});

test("intact headers that no writer of this format wrote", () => {
  const bytes = encodeShardHeader(EXAMPLE, crc64);
  const flawOf = (change: (view: DataView) => void) => parseShardHeader(resealed(bytes, change), crc64);
  expect(flawOf((view) => view.setUint16(8, 2, true))).toEqual({ ok: false, flaw: "unknown-version", version: 2 });
  const cases: [field: string, change: (view: DataView) => void][] = [
    ["geometry", (view) => view.setUint8(10, 0)],
    ["geometry", (view) => view.setUint8(10, 17)],
    ["geometry", (view) => view.setUint8(11, 5)],
    ["shard", (view) => view.setUint8(12, 6)],
    ["blockBytes", (view) => view.setUint32(32, 0, true)],
    ["blockBytes", (view) => view.setUint32(32, 100, true)],
    ["blockBytes", (view) => view.setUint32(32, 262_144 + 128, true)],
    ["blobBytes", (view) => view.setBigUint64(40, 1n << 53n, true)],
    ["reserved", (view) => view.setUint8(13, 1)],
    ["reserved", (view) => view.setUint8(39, 1)],
    ["reserved", (view) => view.setUint8(48, 1)],
  ];
  for (const [field, change] of cases) expect(flawOf(change)).toEqual({ ok: false, flaw: "inconsistent", field });
});

test("a blob id of the wrong length is refused", () => {
  expect(() => encodeShardHeader({ ...EXAMPLE, blobId: new Uint8Array(15) }, crc64)).toThrow(RangeError);
});
