import fc from "fast-check";
import { expect, test } from "vitest";
import { largestBlockBytes } from "../../src/erasure/geometry.ts";
import type { StripeBuffer } from "../../src/erasure/stripe-buffer.ts";
import { createEngine } from "../support/kernel.ts";
import { BLOB_ID, pseudoRandom } from "./samples.ts";

const engine = await createEngine(2);
const GEOMETRY = { k: 4, m: 2 };

async function withBuffer<T>(use: (buffer: StripeBuffer) => T): Promise<T> {
  const buffer = await engine.acquire();
  try {
    return use(buffer);
  } finally {
    buffer.release();
  }
}

test("bytes in any pieces give the same frames", async () => {
  const data = pseudoRandom(4 * 1000 + 3, 1);
  const whole = await withBuffer((buffer) => {
    buffer.begin(GEOMETRY, data.length);
    buffer.append(data);
    return buffer.seal(BLOB_ID, 1).frames.map((frame) => frame.slice());
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1500), { maxLength: 8 }), (sizes) =>
      withBuffer((buffer) => {
        buffer.begin(GEOMETRY, data.length);
        let at = 0;
        for (const size of [...sizes, data.length]) {
          expect(buffer.missingBytes).toBe(data.length - at);
          const taken = buffer.append(data.subarray(at, at + size));
          expect(taken).toBe(Math.min(size, data.length - at));
          at += taken;
        }
        expect(buffer.seal(BLOB_ID, 1).frames).toEqual(whole);
      }),
    ),
  );
});

test("takes what is missing and no more", () =>
  withBuffer((buffer) => {
    buffer.begin(GEOMETRY, 100);
    expect(buffer.append(new Uint8Array(60))).toBe(60);
    expect(buffer.append(new Uint8Array(60))).toBe(40);
    expect(buffer.append(new Uint8Array(60))).toBe(0);
  }));

test("a short stripe after a long one has no bytes of it", () =>
  withBuffer((buffer) => {
    buffer.begin(GEOMETRY, 4 * 1024);
    buffer.append(new Uint8Array(4 * 1024).fill(0xff));
    buffer.seal(BLOB_ID, 0);
    buffer.begin(GEOMETRY, 5);
    buffer.append(Uint8Array.of(1, 2, 3, 4, 5));
    const { frames } = buffer.seal(BLOB_ID, 1);
    expect(frames.map((frame) => frame.length)).toEqual([136, 136, 136, 136, 136, 136]);
    expect([...(frames[0] as Uint8Array).subarray(0, 128)]).toEqual([1, 2, 3, 4, 5, ...new Array(123).fill(0)]);
    for (const frame of frames.slice(1, 4)) expect(frame.subarray(0, 128).every((byte) => byte === 0)).toBe(true);
  }));

test("frames are views of one memory that never moves", () =>
  withBuffer((buffer) => {
    buffer.begin(GEOMETRY, 512);
    buffer.append(pseudoRandom(512, 2));
    const { frames } = buffer.seal(BLOB_ID, 0);
    const { buffer: memory } = frames[0] as Uint8Array;
    for (const frame of frames) expect(frame.buffer).toBe(memory);
    buffer.begin(GEOMETRY, 4 * largestBlockBytes(GEOMETRY));
    buffer.append(new Uint8Array(4 * largestBlockBytes(GEOMETRY)));
    expect((buffer.seal(BLOB_ID, 1).frames[5] as Uint8Array).buffer).toBe(memory);
  }));

test("two buffers do not disturb each other", async () => {
  const [one, two] = [await engine.acquire(), await engine.acquire()];
  const full = largestBlockBytes(GEOMETRY) * 4;
  for (const [buffer, fill] of [
    [one, 1],
    [two, 2],
  ] as const) {
    buffer.begin(GEOMETRY, full);
    buffer.append(new Uint8Array(full).fill(fill));
  }
  const [first, second] = [one.seal(BLOB_ID, 0).frames, two.seal(BLOB_ID, 0).frames];
  for (const shard of [0, 1, 2, 3]) {
    expect((first[shard] as Uint8Array).subarray(0, -8).every((byte) => byte === 1)).toBe(true);
    expect((second[shard] as Uint8Array).subarray(0, -8).every((byte) => byte === 2)).toBe(true);
  }
  first.forEach((frame, shard) => {
    expect(engine.verifyFrame(frame, { blobId: BLOB_ID, shard, stripe: 0 })).toBe(true);
  });
  one.release();
  two.release();
});

test("misuse is refused", async () => {
  const buffer = await engine.acquire();
  expect(buffer.missingBytes).toBe(0);
  expect(() => buffer.append(new Uint8Array(1))).toThrow("outside");
  expect(() => buffer.seal(BLOB_ID, 0)).toThrow("outside");
  for (const bytes of [0, -1, 1.5, 4 * largestBlockBytes(GEOMETRY) + 1])
    expect(() => buffer.begin(GEOMETRY, bytes)).toThrow();
  expect(() => buffer.begin({ k: 0, m: 1 }, 1)).toThrow("not supported");
  buffer.begin(GEOMETRY, 100);
  buffer.append(new Uint8Array(99));
  expect(() => buffer.seal(BLOB_ID, 0)).toThrow("lacks 1");
  expect(() => buffer.seal(new Uint8Array(15), 0)).toThrow();
  buffer.release();
  expect(() => buffer.begin(GEOMETRY, 1)).toThrow("released");
  expect(() => buffer.append(new Uint8Array(1))).toThrow();
});

test("CRC-32 and CRC-32C of a stripe's data are those of the bytes, continued from any before", {
  tags: ["slow"],
}, async () => {
  const largest = 4 * largestBlockBytes(GEOMETRY);
  const lengths = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: largest - 300, max: largest }));
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat(100), fc.boolean(), async (length, before, isSealed) => {
      const bytes = pseudoRandom(before + length, length);
      await withBuffer((buffer) => {
        buffer.begin(GEOMETRY, length);
        buffer.append(bytes.subarray(before));
        if (isSealed) buffer.seal(BLOB_ID, 0);
        for (const name of ["crc32", "crc32c"] as const) {
          expect(buffer.crc32OfData(name, engine[name](bytes.subarray(0, before)))).toBe(engine[name](bytes));
        }
      });
    }),
    { numRuns: 15 },
  );
});
