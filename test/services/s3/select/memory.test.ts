import { expect, test } from "vitest";
import { ByteBudget } from "../../../../src/base/byte-budget.ts";
import { takeMemory } from "../../../../src/services/s3/select/memory.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const parquet = { kind: "parquet" } as const;

test("a query waits for the memory of others", async () => {
  const budget = new ByteBudget(64);
  const first = await takeMemory(budget, parquet, new ManualClock());
  const second = takeMemory(budget, parquet, new ManualClock());
  first.release();
  (await second).release();
  expect(budget.freeBytes).toBe(64);
});

test("it is answered Busy after ten seconds, and leaves no memory taken", async () => {
  const budget = new ByteBudget(64);
  const clock = new ManualClock();
  const first = await takeMemory(budget, parquet, clock);
  const second = takeMemory(budget, parquet, clock);
  const refused = expect(second).rejects.toMatchObject({ code: "Busy" });
  await clock.advance(10_000);
  await refused;
  first.release();
  await new Promise(setImmediate);
  expect(budget.freeBytes).toBe(64);
});

test.each([
  ["NONE", 40],
  ["BZIP2", 34],
] as const)("a query of JSON takes what the values of its rows may take: %s", async (compression, free) => {
  const budget = new ByteBudget(64);
  const json = { kind: "json", compression, type: "LINES" } as const;
  const taken = await takeMemory(budget, json, new ManualClock());
  expect(budget.freeBytes).toBe(free);
  taken.release();
});
