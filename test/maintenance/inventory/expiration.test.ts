import { describe, expect, it } from "vitest";
import { ranked } from "../../../src/maintenance/inventory/expiration.ts";
import type { InventoriedVersion } from "../../../src/metadata/inventory/inventory.ts";

/** Versions as table versions has them: `a*` is a delete marker that is the latest of its key. */
const page = (text: string) =>
  text.split(" ").map((name, at) => {
    const [key = ""] = name;
    return { key, seq: 100 - at, isLatest: name.endsWith("*") } as InventoriedVersion;
  });

describe("how many noncurrent versions are newer", () => {
  it.each([
    ["a a a b c c", [0, 1, 2, 0, 0, 1]],
    ["a* a a b* c", [0, 0, 1, 0, 0]],
  ])("is counted by key: %s", (text, newer) => {
    expect(ranked(page(text), null).versions.map((version) => version.newer)).toEqual(newer);
  });

  it("is counted on from where the page before ended, wherever that is", () => {
    const whole = page("a a a b* b b c* d d");
    const expected = ranked(whole, null).versions;
    for (let cut = 1; cut < whole.length; cut++) {
      const first = ranked(whole.slice(0, cut), null);
      const then = ranked(whole.slice(cut), first.end);
      expect([...first.versions, ...then.versions]).toEqual(expected);
    }
  });
});
