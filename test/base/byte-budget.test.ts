import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ByteBudget, Evicted } from "../../src/base/byte-budget.ts";
import { ManualClock } from "../support/manual-clock.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("who finds too little left waits, and is served in order", async () => {
  const budget = new ByteBudget(10);
  const first = await budget.take(6);
  const served: string[] = [];
  const large = budget.take(8).then((allowance) => {
    served.push("large");
    return allowance;
  });
  // It would fit, but may not starve the one before it.
  const small = budget.take(2).then((allowance) => {
    served.push("small");
    return allowance;
  });
  await turn();
  expect([served, budget.freeBytes]).toEqual([[], 4]);
  first.release();
  first.release();
  await Promise.all([large, small]);
  expect([served, budget.freeBytes]).toEqual([["large", "small"], 0]);
  (await large).release();
  (await small).release();
  expect(budget.freeBytes).toBe(10);
});

test("more than there ever is cannot be waited for", () => {
  expect(() => new ByteBudget(10).take(11)).toThrow(RangeError);
});

test("who waits for a client is evicted also once the code is optimised, and what can be collected was", {
  tags: ["slow"],
}, async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const clock = new ManualClock();
  const budget = new ByteBudget(10);
  const held = await budget.take(10);
  for (let call = 0; call < 20_000; call++) expect(await held.awaitClient(Promise.resolve(call), clock)).toBe(call);
  const sending = Promise.withResolvers<void>();
  const failed = held.awaitClient(sending.promise, clock).catch((error: unknown) => {
    held.release();
    return error;
  });
  for (let attempt = 0; attempt < 3; attempt++) {
    await turn();
    collect();
  }
  const taken = budget.take(5, clock);
  await clock.advance(5_000);
  expect(budget.freeBytes).toBe(5);
  expect(await failed).toBeInstanceOf(Evicted);
  (await taken).release();
  sending.resolve();
});
