import { describe, expect, it } from "vitest";
import { formatVersionId, parseVersionId } from "../../src/store/version-id.ts";

describe("version ids", () => {
  it("round-trip, and anything else is none", () => {
    const id = "01KAGX0000ABCDEFGHJKMNPQRS";
    expect(formatVersionId({ seq: 1, id, isNull: false })).toHaveLength(32);
    for (const seq of [1, 31, 32, 1_000_000]) {
      expect(parseVersionId(formatVersionId({ seq, id, isNull: false }))).toEqual({ kind: "id", seq, id });
    }
    expect(formatVersionId({ seq: 1, id, isNull: true })).toBe("null");
    expect(parseVersionId("null")).toEqual({ kind: "null" });
    for (const text of ["", "nul", id, `!00001${id}`, "x".repeat(32), `${"0".repeat(7)}${id}`]) {
      expect(parseVersionId(text)).toBeNull();
    }
  });
});
