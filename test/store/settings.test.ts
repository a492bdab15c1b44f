import { describe, expect, it } from "vitest";
import { parseSettings, WRITE_SECONDS_MAX } from "../../src/store/settings.ts";

describe("times of the background work", () => {
  it("are taken from their variables", () => {
    const vars = {
      SHERD_SCRUB_CYCLE_SECONDS: "86400",
      SHERD_SCRUB_BYTES_PER_RUN: "0",
      SHERD_WALK_CYCLE_SECONDS: "3600",
      SHERD_ORPHAN_GRACE_SECONDS: "172800",
    };
    expect(parseSettings(vars)).toMatchObject({
      scrubCycleSeconds: 86_400,
      scrubBytesPerRun: 0,
      walkCycleSeconds: 3_600,
      orphanGraceSeconds: 172_800,
    });
  });

  it("leave every write the time that it may take before its shards can be orphans", () => {
    expect(parseSettings({}).orphanGraceSeconds).toBeGreaterThanOrEqual(2 * WRITE_SECONDS_MAX);
    expect(() => parseSettings({ SHERD_ORPHAN_GRACE_SECONDS: "86399" })).toThrow(
      'SHERD_ORPHAN_GRACE_SECONDS must be a whole number from 86400 to 315360000, not "86399"',
    );
  });

  it("a scrub cycle of no time is refused", () => {
    expect(() => parseSettings({ SHERD_SCRUB_CYCLE_SECONDS: "0" })).toThrow("SHERD_SCRUB_CYCLE_SECONDS");
  });
});

describe("what new buckets have", () => {
  it("is what AWS gives them today, unless the variables say otherwise", () => {
    expect(parseSettings({})).toMatchObject({ objectOwnership: "BucketOwnerEnforced", blockPublicAccess: true });
    const vars = { SHERD_OBJECT_OWNERSHIP: "ObjectWriter", SHERD_BLOCK_PUBLIC_ACCESS: "false" };
    expect(parseSettings(vars)).toMatchObject({ objectOwnership: "ObjectWriter", blockPublicAccess: false });
  });

  it.each([
    ["SHERD_OBJECT_OWNERSHIP", "objectwriter"],
    ["SHERD_BLOCK_PUBLIC_ACCESS", "no"],
  ])("%s cannot be %s", (name, value) => {
    expect(() => parseSettings({ [name]: value })).toThrow(name);
  });
});
