import { describe, expect, it } from "vitest";
import { lockHeaders, parseLockHeaders, requireDigestOfLocked } from "../../../../src/services/s3/lock/headers.ts";
import { failing } from "../failing.ts";

const MODE = "x-amz-object-lock-mode";
const UNTIL = "x-amz-object-lock-retain-until-date";
const HOLD = "x-amz-object-lock-legal-hold";
const untilMs = Date.UTC(2030, 0, 2, 3, 4, 5);
const until = "2030-01-02T03:04:05Z";
const parse = (headers: Record<string, string>) => parseLockHeaders(new Headers(headers), untilMs - 1);

describe("the lock that a write asks for", () => {
  it("is a retention, a legal hold, both or none", () => {
    expect(parse({})).toBeUndefined();
    const retention = { mode: "GOVERNANCE", untilMs };
    expect(parse({ [MODE]: "GOVERNANCE", [UNTIL]: until })).toEqual({ retention, legalHold: null });
    expect(parse({ [HOLD]: "OFF" })).toEqual({ retention: null, legalHold: "OFF" });
    expect(parse({ [MODE]: "GOVERNANCE", [UNTIL]: until, [HOLD]: "ON" })).toEqual({ retention, legalHold: "ON" });
  });

  it.each([
    [{ [MODE]: "GOVERNANCE" }, UNTIL, `${UNTIL} and ${MODE} must both be supplied`],
    [{ [UNTIL]: until }, MODE, `${UNTIL} and ${MODE} must both be supplied`],
    [{ [MODE]: "governance", [UNTIL]: until }, MODE, "Unknown wormMode directive."],
    [{ [MODE]: "COMPLIANCE", [UNTIL]: "2020-01-01T00:00:00Z" }, UNTIL, "The retain until date must be in the future!"],
    [{ [MODE]: "COMPLIANCE", [UNTIL]: "later" }, UNTIL, "The retain until date must be provided in ISO 8601 format"],
    [{ [HOLD]: "on" }, HOLD, "Legal Hold must be either of 'ON' or 'OFF'"],
  ] as [Record<string, string>, string, string][])("%j is refused", (headers, argument, message) => {
    const error = failing(() => parse(headers), "InvalidArgument");
    expect([error.message, error.details.ArgumentName]).toEqual([message, argument]);
  });

  it("needs a digest of what is locked", () => {
    const lock = parse({ [HOLD]: "ON" });
    failing(() => requireDigestOfLocked(new Headers(), lock), "InvalidRequest");
    requireDigestOfLocked(new Headers(), undefined);
    for (const digest of [
      { "content-md5": "x" },
      { "x-amz-checksum-crc32": "AAAAAA==" },
      { "x-amz-trailer": "x-amz-checksum-crc32" },
    ]) {
      requireDigestOfLocked(new Headers(digest as Record<string, string>), lock);
    }
  });

  it("comes out as it went in", () => {
    const retention = { mode: "COMPLIANCE", untilMs } as const;
    expect(lockHeaders({ retention, legalHold: "OFF" }, 0)).toEqual({
      [MODE]: "COMPLIANCE",
      [UNTIL]: "2030-01-02T03:04:05.000Z",
      [HOLD]: "OFF",
    });
    expect(lockHeaders({ retention: null, legalHold: null }, 0)).toEqual({});
  });
});
