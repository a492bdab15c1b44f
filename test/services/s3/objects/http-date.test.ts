import fc from "fast-check";
import { expect, it } from "vitest";
import { formatHttpDate, parseHttpDate } from "../../../../src/services/s3/objects/http-date.ts";

it.each([
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994",
  "1994-11-06T08:49:37Z",
  "1994-11-06T08:49:37.250Z",
  "Sun, 06 Nov 1994 08:49:37 +0000",
])("%s is a date", (text) => {
  expect(parseHttpDate(text)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
});

it.each([
  "",
  "now",
  "784111777",
  "Sun, 31 Feb 1994 08:49:37 GMT",
  "Sun, 06 Foo 1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 25:49:37 GMT",
])("%j is none", (text) => {
  expect(parseHttpDate(text)).toBeNull();
});

it("reads what it writes, in whole seconds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
      expect(parseHttpDate(formatHttpDate(ms))).toBe(Math.floor(ms / 1000) * 1000);
    }),
  );
});
