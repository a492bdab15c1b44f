import { expect, it } from "vitest";
import { simulate } from "../../sim/simulation.ts";
import { kernelModule } from "../support/kernel.ts";
import { CANARIES, expectCaught } from "./canaries.ts";

const kernel = kernelModule();

it.each([1, 2, 3])("finds nothing with seed %i", async (seed) => {
  const { counts } = await simulate({ seed, steps: 4_000, kernel });
  expect(counts.crash).toBeGreaterThan(0);
});

it("finds nothing with a fresh seed", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`fresh seed ${seed}: npm run sim -- --seed ${seed} --steps 3000`);
  const { counts } = await simulate({ seed, steps: 3_000, kernel });
  expect(counts["drive call failed"]).toBeGreaterThan(0);
});

it.each(CANARIES.slice(1))("canary: %s", (_name, sabotage) => expectCaught(sabotage));
