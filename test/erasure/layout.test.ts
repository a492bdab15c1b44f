import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockBytesFor, largestBlockBytes } from "../../src/erasure/geometry.ts";
import {
  type BlobLayout,
  blockBytesOf,
  frameBytes,
  frameOffset,
  piecesOfStripe,
  shardBytes,
  stripeBlockBytes,
  stripeCount,
  stripeDataBytes,
  stripesOfRange,
} from "../../src/erasure/layout.ts";

const layouts: fc.Arbitrary<BlobLayout> = fc
  .record({
    k: fc.integer({ min: 1, max: 16 }),
    m: fc.integer({ min: 0, max: 4 }),
    units: fc.integer({ min: 1, max: 8 }),
    blobBytes: fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.constantFrom(0, 1, 127, 128, 129)),
  })
  .map(({ k, m, units, blobBytes }) => ({ k, m, blockBytes: units * 128, blobBytes }));

test("an empty blob is headers only", () => {
  const layout = { k: 4, m: 2, blockBytes: 128, blobBytes: 0 };
  expect(stripeCount(layout)).toBe(0);
  expect(shardBytes(layout)).toBe(64);
  expect(stripesOfRange(layout, 0, 0)).toBeNull();
});

test("a blob of three stripes, by hand", () => {
  const layout = { k: 4, m: 2, blockBytes: 256, blobBytes: 2 * 1024 + 5 };
  expect(stripeCount(layout)).toBe(3);
  expect([0, 1, 2].map((stripe) => stripeDataBytes(layout, stripe))).toEqual([1024, 1024, 5]);
  expect([0, 1, 2].map((stripe) => stripeBlockBytes(layout, stripe))).toEqual([256, 256, 128]);
  expect([0, 1, 2].map((stripe) => frameOffset(layout, stripe))).toEqual([64, 328, 592]);
  expect(shardBytes(layout)).toBe(64 + 264 + 264 + 136);
  expect(stripesOfRange(layout, 1020, 10)).toEqual({ first: 0, last: 1 });
  expect(piecesOfStripe(layout, 0, 1020, 10)).toEqual([{ shard: 3, begin: 252, end: 256 }]);
  expect(piecesOfStripe(layout, 1, 1020, 10)).toEqual([{ shard: 0, begin: 0, end: 6 }]);
});

describe("any layout", () => {
  test("stripes cover the blob and frames fill the shard file without a gap", () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        const stripes = Array.from({ length: stripeCount(layout) }, (_, stripe) => stripe);
        expect(stripes.reduce((sum, stripe) => sum + stripeDataBytes(layout, stripe), 0)).toBe(layout.blobBytes);
        let at = 64;
        for (const stripe of stripes) {
          expect(frameOffset(layout, stripe)).toBe(at);
          expect(frameBytes(layout, stripe) % 128).toBe(8);
          expect(stripeBlockBytes(layout, stripe) * layout.k).toBeGreaterThanOrEqual(stripeDataBytes(layout, stripe));
          at += frameBytes(layout, stripe);
        }
        expect(shardBytes(layout)).toBe(at);
        expect(stripeDataBytes(layout, stripes.length)).toBe(0);
      }),
    );
  });

  test("the pieces of a range are the bytes of the range", () => {
    const ranges = layouts
      .filter(({ blobBytes }) => blobBytes > 0)
      .chain((layout) =>
        fc.tuple(fc.constant(layout), fc.nat(layout.blobBytes - 1)).chain(([, offset]) =>
          fc.record({
            layout: fc.constant(layout),
            offset: fc.constant(offset),
            length: fc.nat(layout.blobBytes - offset),
          }),
        ),
      );
    fc.assert(
      fc.property(ranges, ({ layout, offset, length }) => {
        const touched = stripesOfRange(layout, offset, length);
        let at = offset;
        for (let stripe = touched?.first ?? 0; stripe <= (touched?.last ?? -1); stripe++) {
          const pieces = piecesOfStripe(layout, stripe, offset, length);
          expect(pieces.length).toBeGreaterThan(0);
          for (const { shard, begin, end } of pieces) {
            const block = stripeBlockBytes(layout, stripe);
            expect(stripe * layout.k * layout.blockBytes + shard * block + begin).toBe(at);
            expect(end).toBeGreaterThan(begin);
            expect(end).toBeLessThanOrEqual(block);
            at += end - begin;
          }
        }
        expect(at).toBe(offset + length);
        if (touched) {
          expect(piecesOfStripe(layout, touched.last + 1, offset, length)).toEqual([]);
          expect(piecesOfStripe(layout, touched.first - 1, offset, length)).toEqual([]);
        }
      }),
    );
  });

  test("a range outside of the blob is refused", () => {
    const layout = { k: 4, m: 2, blockBytes: 128, blobBytes: 100 };
    expect(() => stripesOfRange(layout, 100, 1)).toThrow(RangeError);
    expect(() => stripesOfRange(layout, -1, 1)).toThrow(RangeError);
    expect(stripesOfRange(layout, 100, 0)).toBeNull();
  });

  test("blocks of new blobs hold them, to terabytes", () => {
    const geometries = fc.record({ k: fc.integer({ min: 1, max: 16 }), m: fc.integer({ min: 0, max: 4 }) });
    fc.assert(
      fc.property(geometries, fc.maxSafeNat(), (geometry, blobBytes) => {
        const layout = { ...geometry, blobBytes, blockBytes: blockBytesFor(geometry, blobBytes) };
        expect(layout.blockBytes).toBeLessThanOrEqual(largestBlockBytes(geometry));
        if (stripeCount(layout) === 1) expect(stripeBlockBytes(layout, 0)).toBe(layout.blockBytes);
        if (blobBytes > 0) expect(blockBytesOf(geometry, stripeDataBytes(layout, 0))).toBe(layout.blockBytes);
      }),
    );
  });
});
