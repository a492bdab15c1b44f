import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { StripeBuffer } from "../../src/erasure/stripe-buffer.ts";
import { createEngine } from "../support/kernel.ts";

/** Lets every promise that can settle do so. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

test("hands out each slot once, then makes callers wait, first come first served", async () => {
  const engine = await createEngine(2);
  const [one, two] = [await engine.acquire(), await engine.acquire()];
  expect(engine.idleSlots).toBe(0);
  const got: string[] = [];
  const acquireAs = async (name: string) => {
    const buffer = await engine.acquire();
    got.push(name);
    return buffer;
  };
  const [third, fourth] = [acquireAs("third"), acquireAs("fourth")];
  await settle();
  expect(got).toEqual([]);
  one.release();
  await settle();
  expect(got).toEqual(["third"]);
  two.release();
  await settle();
  expect(got).toEqual(["third", "fourth"]);
  for (const buffer of [await third, await fourth]) buffer.release();
  expect(engine.idleSlots).toBe(2);
});

test("a second release does nothing", async () => {
  const engine = await createEngine(1);
  const buffer = await engine.acquire();
  buffer.release();
  const next = await engine.acquire();
  buffer.release();
  expect(engine.idleSlots).toBe(0);
  next.release();
  expect(engine.idleSlots).toBe(1);
});

test("whoever gives up waiting loses the place, and nobody else does", async () => {
  const engine = await createEngine(1);
  const held = await engine.acquire();
  const controller = new AbortController();
  const impatient = engine.acquire({ signal: controller.signal });
  const patient = engine.acquire();
  controller.abort(new Error("gave up"));
  await expect(impatient).rejects.toThrow("gave up");
  held.release();
  (await patient).release();
  expect(engine.idleSlots).toBe(1);
  await expect(engine.acquire({ signal: controller.signal })).rejects.toThrow("gave up");
  expect(engine.idleSlots).toBe(1);
});

test("an abort after the buffer was had changes nothing", async () => {
  const engine = await createEngine(1);
  const held = await engine.acquire();
  const controller = new AbortController();
  const waiting = engine.acquire({ signal: controller.signal });
  held.release();
  const buffer = await waiting;
  controller.abort();
  expect(engine.idleSlots).toBe(0);
  buffer.release();
  expect(engine.idleSlots).toBe(1);
});

test("many tasks over few slots: never more at once than slots, all get their turn", async () => {
  const engine = await createEngine(3);
  let atOnce = 0;
  let most = 0;
  const task = async (bytes: number) => {
    const buffer = await engine.acquire();
    most = Math.max(most, ++atOnce);
    buffer.begin({ k: 2, m: 1 }, bytes);
    buffer.append(new Uint8Array(bytes).fill(bytes));
    await settle();
    const { frames } = buffer.seal(new Uint8Array(16), 0);
    await settle();
    const isOwn = (frames[0] as Uint8Array).subarray(0, Math.min(bytes, 128)).every((byte) => byte === bytes);
    atOnce--;
    buffer.release();
    return isOwn;
  };
  const results = await Promise.all(Array.from({ length: 40 }, (_, i) => task(i + 1)));
  expect(results).toEqual(new Array(40).fill(true));
  expect(most).toBe(3);
});

test("a forgotten buffer comes back when it is collected", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const engine = await createEngine(1);
  await engine.acquire();
  expect(engine.idleSlots).toBe(0);
  let waiting: StripeBuffer | undefined;
  void engine.acquire().then((buffer) => {
    waiting = buffer;
  });
  for (let attempt = 0; attempt < 100 && waiting === undefined; attempt++) {
    collect();
    await settle();
  }
  expect(waiting).toBeDefined();
  waiting?.release();
  expect(engine.idleSlots).toBe(1);
});

test("an engine needs at least one slot", async () => {
  await expect(createEngine(0)).rejects.toThrow();
  await expect(createEngine(1.5)).rejects.toThrow();
});
