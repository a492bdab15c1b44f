import fc from "fast-check";
import { expect, test } from "vitest";
import { blockBytesFor, largestBlockBytes } from "../../src/erasure/geometry.ts";
import { piecesOfStripe, stripeBlockBytes, stripesOfRange } from "../../src/erasure/layout.ts";
import { blockAt, plainBytesOf, sealedBytes, TAG_BYTES } from "../../src/sealing/sealed-layout.ts";

const shapes = fc.record({
  k: fc.integer({ min: 1, max: 16 }),
  m: fc.integer({ min: 0, max: 3 }),
  blocks: fc.integer({ min: 1, max: 2048 }),
  layers: fc.constantFrom(1, 2),
  plainBytes: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 20_000_000 })),
});

/** The layout that a writer chooses. */
function layoutOf({ k, m, blocks, layers, plainBytes }: Parameters<Parameters<typeof shapes.map>[0]>[0]) {
  const tagBytes = layers * TAG_BYTES;
  const largest = Math.min(blocks * 128, largestBlockBytes({ k, m }));
  const blobBytes = sealedBytes({ k, blockBytes: largest, tagBytes }, plainBytes);
  const blockBytes = Math.min(largest, blockBytesFor({ k, m }, blobBytes));
  return { k, m, blockBytes, blobBytes, tagBytes, plainBytes };
}

test("the plain size follows from the blob's", () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const layout = layoutOf(shape);
      expect(plainBytesOf(layout, layout.blobBytes)).toBe(layout.plainBytes);
    }),
  );
});

test("the blocks follow each other without a gap, and each lies in one frame", () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const layout = layoutOf(shape);
      let at = 0;
      let number = -1;
      while (at < layout.plainBytes) {
        const block = blockAt(layout, layout.blobBytes, at);
        expect(block.plainOffset).toBe(at);
        expect(block.number).toBeGreaterThan(number);
        expect(block.plainBytes).toBeGreaterThan(0);
        const length = block.plainBytes + layout.tagBytes;
        const stripes = stripesOfRange(layout, block.blobOffset, length);
        expect(stripes?.first).toBe(stripes?.last);
        const pieces = piecesOfStripe(layout, stripes?.first ?? 0, block.blobOffset, length);
        expect(pieces).toHaveLength(1);
        expect(pieces[0]?.begin).toBe(0);
        expect(length).toBeLessThanOrEqual(stripeBlockBytes(layout, stripes?.first ?? 0));
        at += block.plainBytes;
        number = block.number;
        // Whole stripes in the middle say nothing new.
        const perStripe = layout.k * (layout.blockBytes - layout.tagBytes);
        if (at % perStripe === 0 && layout.plainBytes - at > 3 * perStripe) {
          const skipped = Math.floor((layout.plainBytes - at) / perStripe) - 2;
          at += skipped * perStripe;
          number += skipped * layout.k;
        }
      }
      expect(at).toBe(layout.plainBytes);
    }),
    { numRuns: 200 },
  );
});
