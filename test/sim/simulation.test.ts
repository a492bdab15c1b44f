import { describe, expect, it } from "vitest";
import { simulate } from "../../sim/simulation.ts";
import { kernelModule } from "../support/kernel.ts";
import { CANARIES, expectCaught } from "./canaries.ts";

const kernel = kernelModule();

describe("the simulation", () => {
  it("finds nothing", { tags: ["slow"] }, async () => {
    const { counts } = await simulate({ seed: 1, steps: 2_000, kernel });
    // It must have met what it is there to meet.
    for (const event of [
      "crash",
      "drive call failed",
      "database answer lost",
      "shard rotten",
      "cron",
      "drive lost",
      "green said",
      "announcement received",
      "root key retired",
    ]) {
      expect([event, (counts[event] ?? 0) > 0]).toEqual([event, true]);
    }
  });

  it("is the same for the same seed, and another for another", async () => {
    const [first, again, other] = await Promise.all([7, 7, 8].map((seed) => simulate({ seed, steps: 120, kernel })));
    expect(again).toEqual(first);
    expect(other?.fingerprint).not.toBe(first?.fingerprint);
  });
});

describe("canaries", () => {
  // The others take longer: simulation.slow.test.ts.
  it.each(CANARIES.slice(0, 1))("%s", (_name, sabotage) => expectCaught(sabotage));
});
