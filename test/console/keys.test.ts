import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  breadcrumbs,
  encodeKey,
  isAddressable,
  keyBytes,
  nameOf,
  objectPath,
  parentOf,
  visibleKey,
} from "../../console/src/aws/keys.ts";
import { anyText } from "../support/any-text.ts";

describe("keys in the console", () => {
  test("a path leads to the key that it was made of", () => {
    fc.assert(
      fc.property(anyText({ minLength: 1, maxLength: 40 }), (key) => {
        fc.pre(isAddressable(key));
        const { pathname } = new URL(`http://sherd.test${objectPath("bucket", key)}`);
        expect(decodeURIComponent(pathname.slice("/bucket/".length))).toBe(key);
      }),
    );
  });

  test("a key that a browser would resolve has no path", () => {
    for (const key of ["..", "a/../b", "./a", "a/.", "."]) {
      expect([key, isAddressable(key)]).toEqual([key, false]);
      expect(() => objectPath("bucket", key)).toThrow();
    }
    for (const key of ["...", "a..b", "/a", "a//b", " .", "a/ "])
      expect([key, isAddressable(key)]).toEqual([key, true]);
    expect(encodeKey("a b/c+d/é'()*!")).toBe("a%20b/c%2Bd/%C3%A9%27%28%29%2A%21");
  });

  test("names, parents and breadcrumbs keep every slash", () => {
    expect(["a/b/c", "a/b/", "/a", "a//", "a"].map(nameOf)).toEqual(["c", "b/", "a", "/", "a"]);
    expect(["a/b/c", "a/b/", "/a", "a//", "a"].map(parentOf)).toEqual(["a/b/", "a/", "/", "a/", ""]);
    expect(breadcrumbs("a//b/")).toEqual([
      { name: "a/", prefix: "a/" },
      { name: "/", prefix: "a//" },
      { name: "b/", prefix: "a//b/" },
    ]);
    fc.assert(fc.property(anyText({ minLength: 1, maxLength: 40 }), (key) => parentOf(key) + nameOf(key) === key));
  });

  test("what cannot be seen is shown", () => {
    expect(visibleKey("a\u0000b\nc\u007f")).toBe("a␀b␊c␡");
    expect(visibleKey("\u202egpj.exe")).toBe("<U+202E>gpj.exe");
    expect(visibleKey(" a b ")).toBe("·a b·");
    expect(visibleKey("größe-日本.bin")).toBe("größe-日本.bin");
    expect(keyBytes("ö")).toBe(2);
  });
});
