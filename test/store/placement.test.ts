import { describe, expect, it } from "vitest";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { newId } from "../../src/store/placement/ids.ts";
import { placeReplacement, placeShards, requireEnoughDrives } from "../../src/store/placement/placement.ts";
import { isSettling, parseShardKey, replacementKey, shardKey } from "../../src/store/placement/shard-key.ts";
import { DEFAULT_SETTINGS } from "../../src/store/settings.ts";
import { ManualClock } from "../support/manual-clock.ts";

const clock = new ManualClock();
const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
const freshId = () => newId({ clock, random });

function drivesOf(count: number): MemoryDrive[] {
  return Array.from({ length: count }, (_, index) => new MemoryDrive({ name: `drive-${index + 1}` }));
}

const blob = () => ({ id: freshId(), shardBytes: 1000, class: "large" as const });
const nothingOut = { isOut: () => false };

describe("a draining drive", () => {
  it("takes no new shard", () => {
    const drives = drivesOf(7);
    (drives[2] as MemoryDrive).draining = true;
    for (let n = 0; n < 50; n++) {
      const names = placeShards(drives, { ...blob(), count: 6 })?.map(({ name }) => name);
      expect(names).toHaveLength(6);
      expect(names).not.toContain("drive-3");
    }
  });

  it("is not counted among those that a geometry needs", () => {
    const drives = drivesOf(6);
    requireEnoughDrives(drives, DEFAULT_SETTINGS);
    (drives[0] as MemoryDrive).draining = true;
    expect(() => requireEnoughDrives(drives, DEFAULT_SETTINGS)).toThrow(/only 5 .* and are not draining/);
  });
});

describe("placeReplacement", () => {
  it("takes the former drive where it can, and never one that holds another shard", () => {
    const drives = drivesOf(6);
    const held = new Set(["drive-1", "drive-2", "drive-3", "drive-4", "drive-5"]);
    expect(placeReplacement(drives, blob(), { held, former: "drive-6", ...nothingOut })?.name).toBe("drive-6");
    const isOut = ({ name }: { name: string }) => name === "drive-6";
    expect(placeReplacement(drives, blob(), { held, former: "drive-6", isOut })).toBeNull();
  });

  it("takes a drive of the domain that has the fewest of the others", () => {
    const drives = ["a", "a", "a", "b", "b", "c"].map(
      (domain, index) => new MemoryDrive({ name: `drive-${index + 1}`, domain }),
    );
    const held = new Set(["drive-1", "drive-4", "drive-6"]);
    const taken = () => placeReplacement(drives, blob(), { held, former: "gone", ...nothingOut })?.domain;
    expect(new Set(Array.from({ length: 50 }, taken))).toEqual(new Set(["a", "b"]));
    held.add("drive-5");
    expect(new Set(Array.from({ length: 50 }, taken))).toEqual(new Set(["a"]));
  });

  it("keeps to the class and the size that drives take", () => {
    const small = new MemoryDrive({ name: "small", class: "small" });
    const tiny = new MemoryDrive({ name: "tiny", shardBytesMax: 500 });
    expect(placeReplacement([small, tiny], blob(), { held: new Set(), former: "small", ...nothingOut })).toBeNull();
  });
});

describe("keys of shards", () => {
  it("tell blob, shard and time of writing, and begin with the blob's id", async () => {
    const id = freshId();
    const bornMs = clock.now();
    expect(parseShardKey(shardKey(id, 3))).toEqual({ blobId: id, shard: 3, writtenMs: bornMs });
    await clock.advance(5_000);
    const key = replacementKey(id, 11, freshId());
    expect(key.startsWith(id)).toBe(true);
    expect(key).toMatch(/^[0-9A-Za-z][0-9A-Za-z_-]{7,199}$/);
    expect(parseShardKey(key)).toEqual({ blobId: id, shard: 11, writtenMs: bornMs + 5_000 });
  });

  it("are told from all other keys", () => {
    const id = freshId();
    const others = [
      "",
      id,
      `${id}-1`,
      `${id}-011`,
      `${id.toLowerCase()}-01`,
      `${id}-01-x`,
      `${id}-01-${id}-`,
      "notes.txt",
    ];
    for (const key of [...others, "00000000000000000000000000-probe", `8${id.slice(1)}-01`]) {
      expect([key, parseShardKey(key)]).toEqual([key, null]);
    }
  });

  it("of a shard that was just written anew, to an old blob, settle again", async () => {
    const kv = Object.assign(new MemoryDrive({ name: "kv" }), { settleMs: 120_000 });
    const id = freshId();
    await clock.advance(3_600_000);
    expect(isSettling(kv, shardKey(id, 0), clock.now())).toBe(false);
    const key = replacementKey(id, 0, freshId());
    expect(isSettling(kv, key, clock.now())).toBe(true);
    await clock.advance(120_000);
    expect(isSettling(kv, key, clock.now())).toBe(false);
  });
});
