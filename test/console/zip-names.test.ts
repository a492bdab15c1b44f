import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffLines } from "../../console/src/objects/details/diff-lines.ts";
import { uniqueName, zipName } from "../../console/src/objects/download/zip-names.ts";
import { anyText } from "../support/any-text.ts";

describe("names in a zip", () => {
  test("stay in the folder that they are unpacked in, on every system", () => {
    const anyKey = fc.array(fc.oneof(anyText({ maxLength: 6 }), fc.constantFrom("..", ".", "/", "\\", "C:", "a", "")), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(anyKey, fc.constantFrom("", "/"), (pieces, between) => {
        const name = zipName(pieces.join(between), "");
        const segments = name.split("/");
        expect(segments.filter((segment) => segment === "" || segment === "." || segment === "..")).toEqual([]);
        expect(name).not.toMatch(/[\p{Cc}\\:*?"<>|]/u);
      }),
    );
    expect(zipName("../../etc/passwd", "")).toBe("etc/passwd");
    expect(zipName("/etc/passwd", "")).toBe("etc/passwd");
    expect(zipName("..\\..\\boot.ini", "")).toBe(".._.._boot.ini");
    expect(zipName("C:/x", "")).toBe("C_/x");
    expect(zipName("a//b/./c", "")).toBe("a/b/c");
  });

  test("begin below the prefix, and are never empty", () => {
    expect(zipName("photos/2026/a.jpg", "photos/")).toBe("2026/a.jpg");
    expect([zipName("photos/", "photos/"), zipName("..", ""), zipName("/", "")]).toEqual(["_", "_", "_"]);
  });

  test("are told apart, also by systems that do not tell capitals", () => {
    const taken = new Set<string>();
    const names = ["a.txt", "a.txt", "A.TXT", "b/.env", "b/.env", "c.d/e", "c.d/e"];
    expect(names.map((name) => uniqueName(name, taken))).toEqual([
      ...["a.txt", "a (2).txt", "A (3).TXT"],
      ...["b/.env", "b/.env (2)", "c.d/e", "c.d/e (2)"],
    ]);
  });
});

describe("two texts beside each other", () => {
  const anyLines = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((lines) => lines.join("\n"));

  test("each can be read out of the difference", () => {
    fc.assert(
      fc.property(anyLines, anyLines, (before, after) => {
        const lines = diffLines(before, after) ?? [];
        const without = (kind: string) => lines.filter((line) => line.kind !== kind).map(({ text }) => text);
        expect(without("added").join("\n")).toBe(before);
        expect(without("removed").join("\n")).toBe(after);
        expect(lines.map(({ id }) => id)).toEqual(lines.map((_, index) => index));
      }),
    );
  });

  test("what is common is the most that can be", () => {
    const kinds = diffLines("a\nb\nc\nd", "a\nc\nx\nd")?.map(({ kind, text }) => `${kind} ${text}`);
    expect(kinds).toEqual(["same a", "removed b", "same c", "added x", "same d"]);
    expect(diffLines("a\nb", "a\nb")?.every(({ kind }) => kind === "same")).toBe(true);
  });

  test("are not compared if the table would be too large", () => {
    const many = (word: string) => Array.from({ length: 3_000 }, (_, index) => `${word}${index}`).join("\n");
    expect(diffLines(many("a"), many("b"))).toBeNull();
    expect(diffLines(many("a"), `${many("a")}\nb`)?.at(-1)).toMatchObject({ kind: "added", text: "b" });
  });
});
