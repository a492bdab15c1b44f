import { describe, expect, it } from "vitest";
import { parseIsoDate, parseRetainUntil } from "../../../../src/services/s3/lock/retain-until.ts";
import { failing } from "../failing.ts";

describe("dates in ISO 8601", () => {
  const ms = Date.UTC(2030, 0, 2, 3, 4, 5);
  it.each([
    ["2030-01-02T03:04:05Z", ms],
    ["2030-01-02T03:04:05.000Z", ms],
    ["2030-01-02T03:04:05.250Z", ms + 250],
    ["2030-01-02T03:04:05.123456789Z", ms + 123],
    ["20300102T030405Z", ms],
    ["2030-01-02T05:04:05+02:00", ms],
    ["2030-01-01T22:04:05-0500", ms],
    ["2030-01-02T03:04Z", ms - 5000],
  ])("%s", (text, expected) => {
    expect(parseIsoDate(text)).toBe(expected);
  });

  it.each([
    "",
    "2030-01-02",
    "2030-13-02T03:04:05Z",
    "2030-01-02T25:04:05Z",
    "2030-01-02T03:04:05",
    "Wed, 02 Jan 2030 03:04:05 GMT",
    "12030-01-02T03:04:05Z",
    "1893553445",
  ])("%j is none", (text) => {
    expect(parseIsoDate(text)).toBeNull();
  });

  it("must lie ahead to retain until then", () => {
    const text = "2030-01-02T03:04:05Z";
    expect(parseRetainUntil(text, ms - 1)).toBe(ms);
    for (const nowMs of [ms, ms + 1]) {
      const error = failing(() => parseRetainUntil(text, nowMs), "InvalidArgument");
      expect(error.message).toBe("The retain until date must be in the future!");
      expect(error.details).toEqual({ ArgumentName: "x-amz-object-lock-retain-until-date", ArgumentValue: text });
    }
    expect(failing(() => parseRetainUntil("soon", 0), "InvalidArgument").message).toContain("ISO 8601");
  });
});
