import { expect, test } from "vitest";
import { ByteBudget } from "../../src/base/byte-budget.ts";

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
