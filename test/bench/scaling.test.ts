import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RangeMap } from "../../bench/scaling/key-ranges.ts";
import { grown, populate, sum } from "../../bench/scaling/population.ts";
import { type Scenario, simulateSpread } from "../../bench/scaling/spread.ts";
import { SeededRandom } from "../../sim/random.ts";

const scenario: Scenario = {
  policy: "sherd",
  growth: "steady",
  databasesFromStart: 4,
  buckets: 200,
  objects: 1_000_000,
  bucketObjectsMax: 50_000,
  bytesPerObject: 18_000,
  seed: 3,
};

describe("the simulated buckets", () => {
  test("have as many objects as were asked for, none more than it may", () => {
    const buckets = populate(new SeededRandom(1), { count: 500, objects: 1e6, bucketObjectsMax: 10_000 });
    expect(sum(buckets.map(({ objects }) => objects))).toBeCloseTo(1e6, -2);
    expect(Math.max(...buckets.map(({ objects }) => objects))).toBeLessThanOrEqual(10_000);
    expect(new Set(buckets.map(({ name }) => name)).size).toBe(500);
  });

  test("have all their objects at the end, whenever they were made", () => {
    for (const growth of ["steady", "early"] as const) {
      for (const madeAt of [0, 0.3, 0.999]) {
        const bucket = { name: "bucket", madeAt, objects: 1 };
        expect(grown(growth, bucket, madeAt)).toBe(0);
        expect(grown(growth, bucket, 1)).toBe(1);
      }
    }
    expect(grown("steady", { name: "bucket", madeAt: 0.5, objects: 1 }, 0.75)).toBe(0.5);
    expect(grown("early", { name: "bucket", madeAt: 0.5, objects: 1 }, 0.75)).toBe(1);
  });
});

describe("the spread", () => {
  test("is the same for the same seed, by the real placement", async () => {
    const row = await simulateSpread(scenario);
    expect(row).toMatchObject({ figure: "spread", databases: 4, fillMeanPercent: 45, buckets: 200 });
    expect(row.fillMinPercent).toBeGreaterThan(0);
    expect(await simulateSpread(scenario)).toEqual(row);
    expect(await simulateSpread({ ...scenario, seed: 4 })).not.toEqual(row);
  });

  test("counts what no database has room for", async () => {
    const row = await simulateSpread({ ...scenario, databasesFromStart: 1, policy: "hash" });
    expect(row).toMatchObject({
      databases: 1,
      fillMeanPercent: 180,
      databasesOverfull: 1,
      objectsRefusedPercent: 44.4,
    });
    expect(row.writesPerSecond).toBe(1000);
  });
});

test("ranges hold every key once, in order, none more than it may", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 200 }), (keys) => {
      const map = new RangeMap(5);
      for (const key of keys) map.add(key);
      for (const [index, { from, keys: held }] of map.ranges.entries()) {
        expect(held.size).toBeLessThanOrEqual(5);
        const end = map.ranges[index + 1]?.from;
        for (const key of held) expect(key >= from && (end === undefined || key < end)).toBe(true);
      }
      expect(map.ranges.flatMap((range) => [...range.keys].sort())).toEqual([...keys].sort());
    }),
  );
});
