import { beforeEach, describe, expect, test } from "vitest";
import { Evicted } from "../../src/base/byte-budget.ts";
import type { ErasureEngine } from "../../src/erasure/engine.ts";
import { PARKED_BYTES_MAX } from "../../src/erasure/stripe-pool.ts";
import { createEngine } from "../support/kernel.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { pattern } from "../support/store.ts";

const geometry = { k: 4, m: 2 };
const STRIPE_BYTES = 4 * 262_144;
const bytes = pattern(STRIPE_BYTES, 5);

let clock: ManualClock;
let engine: ErasureEngine;
beforeEach(async () => {
  clock = new ManualClock();
  engine = await createEngine(2);
});

const open = () => engine.fill({ geometry, dataBytes: STRIPE_BYTES, tagBytes: 0, clock });

/** A stripe with so many bytes in it, whose client is silent. */
async function stalled(filledBytes: number) {
  const fill = open();
  if (filledBytes > 0) await fill.append(bytes.subarray(0, filledBytes));
  let send!: () => void;
  const sending = new Promise<void>((resolve) => {
    send = resolve;
  });
  const waiting = fill.awaitClient(sending);
  waiting.catch(() => {});
  return { fill, waiting, send };
}

async function complete(fill: ReturnType<typeof open>) {
  while (fill.missingBytes > 0) await fill.append(bytes.subarray(STRIPE_BYTES - fill.missingBytes));
  const buffer = fill.whole();
  const { crc64, frames } = buffer.seal(new Uint8Array(16), 0);
  const first = (frames[0] as Uint8Array).slice(0, 1000);
  buffer.release();
  return { crc64, first };
}

test("no slot is taken before the first bytes are there", async () => {
  const { fill } = await stalled(0);
  expect(engine.idleSlots).toBe(2);
  await fill.append(bytes.subarray(0, 1));
  expect(engine.idleSlots).toBe(1);
  fill.release();
  expect(engine.idleSlots).toBe(2);
});

test("any number of silent clients hold up nobody, and lose no byte", async () => {
  const silent = [];
  for (let i = 0; i < 20; i++) {
    silent.push(await stalled(100 + i * 1000));
    await clock.advance(100);
  }
  const whole = await complete(open());
  expect(whole.crc64).toBe(engine.crc64nvme(bytes));
  for (const { fill, waiting, send } of silent) {
    send();
    await waiting;
    expect(await complete(fill)).toEqual(whole);
  }
  expect(engine.idleSlots).toBe(2);
});

test("a client that is only a moment slow keeps its slot", async () => {
  const both = [await stalled(1000), await stalled(2000)];
  const asked = engine.acquire({ clock });
  await clock.advance(60);
  expect(engine.idleSlots).toBe(0);
  both[0]?.send();
  await settle();
  let got = false;
  void asked.then(() => {
    got = true;
  });
  await clock.advance(30);
  expect(got).toBe(false);
  await clock.advance(100);
  expect(got).toBe(true);
  // The one that sent on still has its slot: it needs no other.
  expect((await complete(both[0]?.fill as never)).crc64).toBe(engine.crc64nvme(bytes));
});

describe("when no more bytes can be put aside", () => {
  test("those that have been silent for longest are ended, whoever sends is not", async () => {
    const count = Math.floor(PARKED_BYTES_MAX / STRIPE_BYTES) + 3;
    const silent: Awaited<ReturnType<typeof stalled>>[] = [];
    for (let i = 0; i < count + 2; i++) {
      silent.push(await stalled(STRIPE_BYTES - 1));
      await clock.advance(1000);
    }
    const [first, second, third, fourth] = silent;
    await expect(first?.waiting).rejects.toBeInstanceOf(Evicted);
    await expect(second?.waiting).rejects.toBeInstanceOf(Evicted);
    await expect(third?.waiting).rejects.toBeInstanceOf(Evicted);
    fourth?.send();
    await fourth?.waiting;
    expect((await complete(fourth?.fill as never)).crc64).toBe(engine.crc64nvme(bytes));
    for (const { fill } of silent) fill.release();
    expect(engine.idleSlots).toBe(2);
  });

  test("what was put aside by those who gave up is free again", async () => {
    for (let round = 0; round < 4; round++) {
      const silent: Awaited<ReturnType<typeof stalled>>[] = [];
      for (let i = 0; i < 8; i++) {
        silent.push(await stalled(STRIPE_BYTES - 1));
        await clock.advance(1000);
      }
      let ended = 0;
      for (const { fill, waiting } of silent) {
        waiting.catch(() => ended++);
        fill.release();
      }
      await settle();
      expect(ended).toBe(0);
    }
  });
});

test("buffers of those who wait for nobody are not taken", async () => {
  const [one, two] = [await engine.acquire(), await engine.acquire()];
  const asked = engine.acquire({ clock });
  await clock.advance(60_000);
  one.release();
  (await asked).release();
  two.release();
  expect(engine.idleSlots).toBe(2);
});
