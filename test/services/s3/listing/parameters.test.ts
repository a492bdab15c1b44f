import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkOptionalAttributes,
  parseCount,
  parseEncoding,
  positionAfter,
} from "../../../../src/services/s3/listing/parameters.ts";
import { anyText } from "../../../support/any-text.ts";

const invalid = (name: string) =>
  expect.objectContaining({ code: "InvalidArgument", details: expect.objectContaining({ ArgumentName: name }) });

describe("parseCount", () => {
  const parse = (value: string | null) =>
    parseCount(new URLSearchParams(value === null ? {} : { "max-keys": value }), "max-keys", 1000);

  test.each([
    [null, 1000],
    ["", 1000],
    ["0", 0],
    ["7", 7],
    ["+7", 7],
    ["007", 7],
    ["2147483647", 2147483647],
  ])("%j is %i", (value, count) => {
    expect(parse(value)).toBe(count);
  });

  test.each(["-1", "2147483648", "99999999999999999999999", "abc", "1.5", "1e3", "0x10", " 1", "NaN"])(
    "%j is refused",
    (value) => {
      expect(() => parse(value)).toThrow(invalid("max-keys"));
    },
  );
});

describe("parseEncoding", () => {
  const parse = (value: string) => parseEncoding(new URLSearchParams({ "encoding-type": value }));

  test("nothing asked for, nothing changed", () => {
    expect(parseEncoding(new URLSearchParams()).encode("a b\x01")).toBe("a b\x01");
    expect(parse("").type).toBeUndefined();
  });

  test("names are percent-encoded, slashes stay", () => {
    const { type, encode } = parse("url");
    expect(type).toBe("url");
    expect(encode("a b+c/(3)*'!~.-_\x01ä&%")).toBe("a%20b%2Bc/%283%29%2A%27%21~.-_%01%C3%A4%26%25");
  });

  test("clients that decode get the name back, whether or not they take plus for a space", () => {
    fc.assert(
      fc.property(anyText(), (name) => {
        const encoded = parse("url").encode(name);
        expect(encoded).toMatch(/^[A-Za-z0-9\-._~/%]*$/);
        expect(decodeURIComponent(encoded.replaceAll("+", " "))).toBe(name);
      }),
    );
  });

  test("other encodings are refused", () => {
    expect(() => parse("base64")).toThrow(invalid("encoding-type"));
  });
});

describe("positionAfter", () => {
  test.each([
    ["", "", "/", false],
    ["a/", "", "/", true],
    ["a/b", "", "/", false],
    ["a/b/", "", "/", false],
    ["a/b/", "a/", "/", true],
    ["a/", "a/", "/", false],
    ["a/", "", "", false],
    ["xab", "x", "ab", true],
    ["b/", "a/", "/", false],
    ["a", "", "😀", false],
  ])("marker %j with prefix %j and delimiter %j skips: %s", (marker, prefix, delimiter, skipPrefix) => {
    expect(positionAfter(marker, { prefix, delimiter })).toEqual({ key: marker, skipPrefix });
  });
});

test("optional attributes: restore status, of which there is none to tell", () => {
  const check = (value: string) => checkOptionalAttributes(new Headers({ "x-amz-optional-object-attributes": value }));
  checkOptionalAttributes(new Headers());
  check("RestoreStatus");
  check("RestoreStatus, RestoreStatus");
  for (const value of ["Owner", "RestoreStatus,Tags", ""]) expect(() => check(value)).toThrow("Invalid attribute name");
});
