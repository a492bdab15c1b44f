import fc from "fast-check";
import { expect, test } from "vitest";
import type { StripeBuffer } from "../../src/erasure/stripe-buffer.ts";
import { createEngine } from "../support/kernel.ts";
import { BLOB_ID, pseudoRandom } from "./samples.ts";

const engine = await createEngine(2);

async function withBuffer<T>(use: (buffer: StripeBuffer) => T): Promise<T> {
  const buffer = await engine.acquire();
  try {
    return use(buffer);
  } finally {
    buffer.release();
  }
}

function sealed(geometry: { k: number; m: number }, data: Uint8Array, stripe: number) {
  return withBuffer((buffer) => {
    buffer.begin(geometry, data.length);
    buffer.append(data);
    const { frames, crc64 } = buffer.seal(BLOB_ID, stripe);
    return { frames: frames.map((frame) => frame.slice()), crc64 };
  });
}

test("any frames that are missing come back from any k others, with their checks and the data's CRC", async () => {
  const cases = fc
    .record({
      k: fc.integer({ min: 1, max: 8 }),
      m: fc.integer({ min: 1, max: 4 }),
      seed: fc.nat(),
      stripe: fc.nat(99),
    })
    .chain(({ k, m, ...rest }) =>
      fc.record({
        k: fc.constant(k),
        m: fc.constant(m),
        seed: fc.constant(rest.seed),
        stripe: fc.constant(rest.stripe),
        dataBytes: fc.integer({ min: 1, max: 3000 }),
        order: fc.shuffledSubarray(
          Array.from({ length: k + m }, (_, shard) => shard),
          { minLength: k + m },
        ),
        wanted: fc.integer({ min: 1, max: m }),
      }),
    );
  await fc.assert(
    fc.asyncProperty(cases, async ({ k, m, seed, stripe, dataBytes, order, wanted }) => {
      const geometry = { k, m };
      const { frames, crc64 } = await sealed(geometry, pseudoRandom(dataBytes, seed), stripe);
      const lost = order.slice(0, wanted);
      const sources = order.slice(m, m + k);
      await withBuffer((buffer) => {
        // What lay there before must not matter.
        buffer.begin({ k: 4, m: 2 }, 9000);
        buffer.append(pseudoRandom(9000, 7));
        buffer.seal(BLOB_ID, 0);
        const blockBytes = (frames[0] as Uint8Array).length - 8;
        const rebuild = buffer.rebuild(geometry, { blobId: BLOB_ID, stripe, blockBytes });
        for (const shard of sources) expect(rebuild.put(shard, frames[shard] as Uint8Array)).toBe(true);
        const rebuilt = rebuild.rebuild(lost);
        expect([...rebuilt.keys()].sort()).toEqual([...lost].sort());
        for (const [shard, frame] of rebuilt) expect(frame).toEqual(frames[shard]);
        expect(rebuild.dataCrc(dataBytes)).toBe(crc64);
      });
    }),
    { numRuns: 150 },
  );
});

test("a frame that is damaged, short, or another one does not count", async () => {
  const geometry = { k: 2, m: 1 };
  const { frames } = await sealed(geometry, pseudoRandom(500, 1), 3);
  const other = await sealed(geometry, pseudoRandom(500, 1), 4);
  await withBuffer((buffer) => {
    const of = { blobId: BLOB_ID, stripe: 3, blockBytes: (frames[0] as Uint8Array).length - 8 };
    const rebuild = buffer.rebuild(geometry, of);
    const damaged = (frames[0] as Uint8Array).slice();
    damaged[5] = (damaged[5] as number) ^ 1;
    expect(rebuild.put(0, damaged)).toBe(false);
    expect(rebuild.put(0, frames[1] as Uint8Array)).toBe(false);
    expect(rebuild.put(0, other.frames[0] as Uint8Array)).toBe(false);
    expect(rebuild.put(0, (frames[0] as Uint8Array).subarray(1))).toBe(false);
    expect(rebuild.put(1, frames[1] as Uint8Array)).toBe(true);
    expect(() => rebuild.rebuild([0])).toThrow("fewer than k");
    expect(rebuild.put(2, frames[2] as Uint8Array)).toBe(true);
    expect(rebuild.rebuild([0]).get(0)).toEqual(frames[0]);
  });
});
