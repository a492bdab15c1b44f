import fc from "fast-check";
import { expect, test } from "vitest";
import { createEngine } from "../support/kernel.ts";
import { BLOB_ID, pseudoRandom } from "./samples.ts";

const engine = await createEngine(1);
const OTHER_ID = BLOB_ID.map((byte, i) => (i === 15 ? byte ^ 1 : byte));

async function framesOf(blobId: Uint8Array, stripe: number, data: Uint8Array): Promise<Uint8Array[]> {
  const buffer = await engine.acquire();
  buffer.begin({ k: 4, m: 2 }, data.length);
  buffer.append(data);
  const frames = buffer.seal(blobId, stripe).frames.map((frame) => frame.slice());
  buffer.release();
  return frames;
}

test("a frame verifies in its place and in no other", async () => {
  const data = pseudoRandom(4 * 256, 1);
  for (const blobId of [BLOB_ID, OTHER_ID])
    for (const stripe of [0, 1, 2 ** 32 - 1]) {
      const frames = await framesOf(blobId, stripe, data);
      frames.forEach((frame, shard) => {
        for (const id of [BLOB_ID, OTHER_ID])
          for (const otherShard of [0, 1, 2, 3, 4, 5])
            for (const otherStripe of [0, 1, 2 ** 32 - 1]) {
              const isItsPlace = id === blobId && otherShard === shard && otherStripe === stripe;
              const identity = { blobId: id, shard: otherShard, stripe: otherStripe };
              expect(engine.verifyFrame(frame, identity)).toBe(isItsPlace);
            }
      });
    }
});

test("any changed byte of a frame is noticed", async () => {
  const [frame] = (await framesOf(BLOB_ID, 0, pseudoRandom(4 * 12_800, 2))) as [Uint8Array];
  const identity = { blobId: BLOB_ID, shard: 0, stripe: 0 };
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = frame.slice();
      damaged[at] = (damaged[at] as number) ^ change;
      expect(engine.verifyFrame(damaged, identity)).toBe(false);
    }),
  );
  expect(engine.verifyFrame(frame, identity)).toBe(true);
});

test("frames of impossible length do not verify", () => {
  const identity = { blobId: BLOB_ID, shard: 0, stripe: 0 };
  for (const length of [0, 1, 7, 8, 100, 128, 137, 300])
    expect(engine.verifyFrame(new Uint8Array(length), identity)).toBe(false);
});

test("zeros are no frame, and a frame that lies at an odd address is one", async () => {
  expect(engine.verifyFrame(new Uint8Array(136), { blobId: new Uint8Array(16), shard: 0, stripe: 0 })).toBe(false);
  const [frame] = (await framesOf(BLOB_ID, 0, pseudoRandom(400, 3))) as [Uint8Array];
  const shifted = new Uint8Array(frame.length + 5);
  shifted.set(frame, 5);
  expect(engine.verifyFrame(shifted.subarray(5), { blobId: BLOB_ID, shard: 0, stripe: 0 })).toBe(true);
});
