import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockBytesFor, type Geometry } from "../../src/erasure/geometry.ts";
import { createEngine } from "../support/kernel.ts";
import { referenceCrc64, referenceParity } from "./reference.ts";

const engine = await createEngine();

const SPECIALISED: Geometry[] = [
  [1, 2],
  [2, 1],
  [2, 2],
  [3, 2],
  [4, 2],
  [6, 3],
  [8, 4],
  [10, 4],
  [16, 4],
].map(([k, m]) => ({ k: k as number, m: m as number }));

const BLOB_ID = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 - i);

function pseudoRandom(bytes: number, seed: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length: bytes }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (state >>> 11) & 0xff;
  });
}

async function sealed(geometry: Geometry, data: Uint8Array, stripe = 0) {
  const buffer = await engine.acquire();
  buffer.begin(geometry, data.length);
  expect(buffer.append(data)).toBe(data.length);
  const { frames, crc64 } = buffer.seal(BLOB_ID, stripe);
  const copies = frames.map((frame) => frame.slice());
  buffer.release();
  return { frames: copies, blocks: copies.map((frame) => frame.subarray(0, frame.length - 8)), crc64 };
}

function* subsets(n: number, size: number, from = 0): Generator<number[]> {
  if (size === 0) yield [];
  for (let i = from; size > 0 && i < n; i++) for (const rest of subsets(n, size - 1, i + 1)) yield [i, ...rest];
}

describe.each(SPECIALISED)("$k+$m", (geometry) => {
  const { k, m } = geometry;
  test.each([1, 127, 128, 129, 1000, 128 * 40])("parity and checks of %i bytes", async (bytes) => {
    const data = pseudoRandom(bytes, bytes);
    const { frames, blocks, crc64 } = await sealed(geometry, data, 7);
    const blockBytes = blockBytesFor(geometry, bytes);
    const padded = new Uint8Array(k * blockBytes);
    padded.set(data);
    const expected = Array.from({ length: k }, (_, i) => padded.subarray(i * blockBytes, (i + 1) * blockBytes));
    expect(blocks.slice(0, k)).toEqual(expected);
    expect(blocks.slice(k)).toEqual(referenceParity(expected, m));
    expect(crc64).toBe(referenceCrc64(data));
    frames.forEach((frame, shard) => {
      expect(engine.verifyFrame(frame, { blobId: BLOB_ID, shard, stripe: 7 })).toBe(true);
      expect(engine.verifyFrame(frame, { blobId: BLOB_ID, shard: shard + 1, stripe: 7 })).toBe(false);
      expect(engine.verifyFrame(frame, { blobId: BLOB_ID, shard, stripe: 8 })).toBe(false);
    });
  });

  test("every erasure pattern", async () => {
    const { blocks } = await sealed(geometry, pseudoRandom(k * 256, 99));
    for (let count = 1; count <= m; count++)
      for (const lost of subsets(k + m, count)) {
        const left = blocks.map((block, shard) => (lost.includes(shard) ? null : block));
        const rebuilt = engine.reconstruct(geometry, left, lost);
        lost.forEach((shard, i) => {
          if (Buffer.compare(rebuilt[i] as Uint8Array, blocks[shard] as Uint8Array) !== 0)
            throw new Error(`lost ${lost}: shard ${shard} is wrong`);
        });
      }
  });
});

test("any supported geometry encodes as the reference and survives any m losses", async () => {
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
        const left = blocks.map((block, shard) => (lost.has(shard) ? null : block));
        expect(engine.reconstruct({ k, m }, left, [...lost])).toEqual([...lost].map((shard) => blocks[shard]));
      },
    ),
    { numRuns: 60 },
  );
});
