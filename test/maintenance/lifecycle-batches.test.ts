import { describe, expect, it } from "vitest";
import { inBatches } from "../../src/maintenance/lifecycle/batches.ts";
import type { Database, Statement } from "../../src/metadata/database.ts";
import { LifecycleRemovals } from "../../src/metadata/lifecycle/expiring.ts";

/** The bytes of the largest parameter that removing these objects sends, with versions of the bucket or without. */
async function largestParameter(expired: Parameters<LifecycleRemovals["objects"]>[1], versioning: "enabled" | null) {
  let largest = 0;
  const batch = async (statements: readonly Statement[]) => {
    for (const value of statements.flatMap(({ values }) => values)) {
      largest = Math.max(largest, Buffer.byteLength(`${value}`));
    }
    return statements.map(() => []);
  };
  const removals = new LifecycleRemovals({ batch } as unknown as Database);
  const decided = { bucket: { id: 1, versioning, config: null }, lifecycleId: 1 } as never;
  await removals.objects(decided, expired, {
    nowMs: 1,
    news: { event: "LifecycleExpiration:Delete", atMs: 1, origin: null },
  });
  return largest;
}

describe("batches of removals", () => {
  const tagsText = JSON.stringify(Array.from({ length: 10 }, (_, n) => [`${n}${'"'.repeat(127)}`, "\\".repeat(256)]));

  it.each([
    ["short keys", "photos/2026/", null],
    ["control characters", "\u0001".repeat(1_000), null],
    ["quotes and tags", '"'.repeat(1_000), tagsText],
    ["crabs", "\u{1f980}".repeat(250), tagsText],
  ])("stay far below what D1 takes: %s", async (_, prefix, tags) => {
    const expired = Array.from({ length: 600 }, (_, n) => ({
      ...{ key: `${prefix}${n}`, id: `${n}`.padStart(26, "0"), tagsText: tags, markerId: `${n}`.padStart(26, "1") },
    }));
    const batches = [...inBatches(expired)];
    expect(batches.flat()).toEqual(expired);
    for (const some of batches) {
      expect(some.length).toBeLessThanOrEqual(250);
      for (const versioning of ["enabled", null] as const) {
        expect(await largestParameter(some, versioning)).toBeLessThanOrEqual(96 * 1024);
      }
    }
  });

  it("are as few as short keys allow", () => {
    const list = Array.from({ length: 500 }, (_, n) => ({ key: `logs/${n}` }));
    expect([...inBatches(list)].map((some) => some.length)).toEqual([250, 250]);
  });

  it("hold one at least", () => {
    expect([...inBatches([{ key: "k", tagsText: "x".repeat(200_000) }, { key: "l" }])]).toHaveLength(2);
    expect([...inBatches([])]).toEqual([]);
  });
});
