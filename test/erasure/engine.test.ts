import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockBytesFor, type Geometry, largestBlockBytes } from "../../src/erasure/geometry.ts";
import { createEngine } from "../support/kernel.ts";
import { referenceCrc64, referenceParity } from "./reference.ts";
import { BLOB_ID, pseudoRandom, SPECIALISED, subsets } from "./samples.ts";

const engine = await createEngine();

const CHECK_BYTES = 8;

/** The stripe's frames and blocks, copied out of the kernel's memory. */
async function sealed(geometry: Geometry, data: Uint8Array, stripe = 0) {
  const buffer = await engine.acquire();
  buffer.begin(geometry, data.length);
  expect(buffer.append(data)).toBe(data.length);
  const { frames, crc64 } = buffer.seal(BLOB_ID, stripe);
  const copies = frames.map((frame) => frame.slice());
  buffer.release();
  return { frames: copies, blocks: copies.map((frame) => frame.subarray(0, -CHECK_BYTES)), crc64 };
}

function expectSame(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) !== 0) throw new Error(`${what}: bytes differ`);
}

/** Rebuilds `lost` from the rest and compares. */
function expectRebuilt(geometry: Geometry, blocks: readonly Uint8Array[], lost: readonly number[]): void {
  const left = blocks.map((block, shard) => (lost.includes(shard) ? null : block));
  const rebuilt = engine.reconstruct(geometry, left, lost);
  lost.forEach((shard, i) => {
    expectSame(rebuilt[i] as Uint8Array, blocks[shard] as Uint8Array, `lost ${lost}, shard ${shard}`);
  });
}

describe.each(SPECIALISED)("$k+$m", (geometry) => {
  const { k, m } = geometry;

  test("parity of blocks of 1 to 11 units is the reference's", async () => {
    for (let units = 1; units <= 11; units++) {
      const { blocks } = await sealed(geometry, pseudoRandom(k * units * 128, units));
      const expected = referenceParity(blocks.slice(0, k), m);
      expected.forEach((parity, row) => {
        expectSame(blocks[k + row] as Uint8Array, parity, `${units} units, row ${row}`);
      });
    }
  });

  test.each([1, 127, 128, 129, 1000, 128 * 40 + 1])("%i bytes: blocks, padding, checks", async (bytes) => {
    const data = pseudoRandom(bytes, bytes);
    const { frames, blocks, crc64 } = await sealed(geometry, data, 7);
    const blockBytes = blockBytesFor(geometry, bytes);
    const padded = new Uint8Array(k * blockBytes);
    padded.set(data);
    for (let shard = 0; shard < k; shard++)
      expect(blocks[shard]).toEqual(padded.subarray(shard * blockBytes, (shard + 1) * blockBytes));
    expect(crc64).toBe(referenceCrc64(data));
    frames.forEach((frame, shard) => {
      const identity = Uint8Array.from([...BLOB_ID, shard, 0, 0, 0, 7, 0, 0, 0]);
      const check = new DataView(frame.buffer).getBigUint64(blockBytes, true);
      expect(check).toBe(referenceCrc64(blocks[shard] as Uint8Array) ^ referenceCrc64(identity));
      expect(engine.verifyFrame(frame, { blobId: BLOB_ID, shard, stripe: 7 })).toBe(true);
    });
  });

  // Nine units: the unrolled loops run, and leave a remainder.
  test("every erasure pattern of nine units", async () => {
    const { blocks } = await sealed(geometry, pseudoRandom(k * 9 * 128, 99));
    for (let count = 1; count <= m; count++)
      for (const lost of subsets(k + m, count)) expectRebuilt(geometry, blocks, lost);
  });
});

describe("full blocks", () => {
  test.each(SPECIALISED)("$k+$m: parity by row, checks, and a loss of m", async (geometry) => {
    const { k, m } = geometry;
    const blockBytes = largestBlockBytes(geometry);
    const { frames, blocks } = await sealed(geometry, pseudoRandom(k * blockBytes, k));
    // The reference takes seconds for these: it gets the first and the last group, and CRCs speak for what lies between.
    for (const at of [0, blockBytes - 128]) {
      const groups = blocks.map((block) => block.slice(at, at + 128));
      expect(groups.slice(k)).toEqual(referenceParity(groups.slice(0, k), m));
    }
    frames.forEach((frame, shard) => {
      expect(engine.verifyFrame(frame, { blobId: BLOB_ID, shard, stripe: 0 })).toBe(true);
    });
    expectRebuilt(
      geometry,
      blocks,
      Array.from({ length: m }, (_, i) => i),
    );
    if (m === 4) expectRebuilt(geometry, blocks, [1, k - 1, k, k + 2]);
  });

  test("the CRC of the first parity block, which is derived, is that of its bytes", async () => {
    for (const k of [1, 2, 3, 4]) {
      const { frames, blocks } = await sealed({ k, m: 1 }, pseudoRandom(k * 70_000, k));
      const identity = Uint8Array.from([...BLOB_ID, k, 0, 0, 0, 0, 0, 0, 0]);
      const parity = frames[k] as Uint8Array;
      const check = new DataView(parity.buffer).getBigUint64(parity.length - CHECK_BYTES, true);
      expect(check).toBe(engine.crc64nvme(blocks[k] as Uint8Array) ^ referenceCrc64(identity));
    }
  });
});

describe("any supported geometry", () => {
  test("encodes as the reference and survives any m losses", { tags: ["slow"] }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 0, max: 4 }),
        fc.uint8Array({ minLength: 1, maxLength: 12_000, size: "max" }),
        fc.infiniteStream(fc.nat()),
        async (k, m, data, picks) => {
          const { blocks } = await sealed({ k, m }, data);
          expect(blocks.slice(k)).toEqual(referenceParity(blocks.slice(0, k), m));
          const lost = new Set<number>();
          while (lost.size < m) lost.add((picks.next().value as number) % (k + m));
          expectRebuilt({ k, m }, blocks, [...lost]);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("blocks longer than the kernel's chunk", async () => {
    for (const geometry of [
      { k: 5, m: 2 },
      { k: 7, m: 4 },
      { k: 13, m: 3 },
    ]) {
      const { k, m } = geometry;
      const { blocks } = await sealed(geometry, pseudoRandom(k * 9_000, k));
      const groups = blocks.map((block) => block.slice(8_192, 8_320));
      expect(groups.slice(k)).toEqual(referenceParity(groups.slice(0, k), m));
      for (let first = 0; first < k; first++)
        expectRebuilt(
          geometry,
          blocks,
          Array.from({ length: m }, (_, i) => (first + 2 * i) % (k + m)),
        );
    }
  });
});

describe("reconstruct", () => {
  const geometry = { k: 4, m: 2 };

  test("gives what is wanted in the order asked, lost or not, as copies", async () => {
    const { blocks } = await sealed(geometry, pseudoRandom(4 * 640, 3));
    const left = blocks.map((block, shard) => (shard === 1 || shard === 5 ? null : Buffer.from(block)));
    const given = engine.reconstruct(geometry, left, [5, 0, 1]);
    expect(given).toEqual([blocks[5], blocks[0], blocks[1]]);
    given[1]?.fill(0);
    expect(Uint8Array.from(left[0] as Uint8Array)).toEqual(blocks[0]);
    engine.reconstruct(geometry, left, [1]).forEach((block) => {
      block.fill(0);
    });
    expect(given[2]).toEqual(blocks[1]);
  });

  test("uses no slot of the pool", async () => {
    const { blocks } = await sealed(geometry, pseudoRandom(512, 4));
    const held = [await engine.acquire(), await engine.acquire()];
    expect(engine.idleSlots).toBe(0);
    expectRebuilt(geometry, blocks, [0, 3]);
    for (const buffer of held) buffer.release();
  });

  test("does not touch a stripe that is being filled", async () => {
    const { blocks } = await sealed(geometry, pseudoRandom(4 * 512, 5));
    const buffer = await engine.acquire();
    buffer.begin(geometry, 2048);
    buffer.append(pseudoRandom(1000, 6));
    expectRebuilt(geometry, blocks, [2, 4]);
    buffer.append(pseudoRandom(1048, 7));
    const { crc64 } = buffer.seal(BLOB_ID, 0);
    expect(crc64).toBe(referenceCrc64(Uint8Array.from([...pseudoRandom(1000, 6), ...pseudoRandom(1048, 7)])));
    buffer.release();
  });

  test("asks for k blocks of the same supported length", async () => {
    const { blocks } = await sealed(geometry, pseudoRandom(512, 8));
    const without = (...lost: number[]) => blocks.map((block, shard) => (lost.includes(shard) ? null : block));
    expect(() => engine.reconstruct(geometry, without(0, 1, 2), [0])).toThrow("fewer than k");
    expect(() => engine.reconstruct(geometry, [...without(0).slice(1), new Uint8Array(256)], [0])).toThrow("length");
    expect(() => engine.reconstruct(geometry, blocks.slice(1), [0])).toThrow();
    expect(() => engine.reconstruct(geometry, without(0), [6])).toThrow();
    expect(() => engine.reconstruct({ k: 4, m: 5 }, blocks, [0])).toThrow("not supported");
  });
});
