import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Wildcard, wildcardTokens } from "../../../src/auth/policy/wildcard.ts";

const matches = (pattern: string, text: string) => new Wildcard(wildcardTokens(pattern)).matches(text);

/** By the definition, over all prefixes of both. */
function matchesByDefinition(pattern: string, text: string): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, length) => length === 0);
  for (const token of pattern) {
    const next: boolean[] = [token === "*" && (row[0] as boolean)];
    for (let length = 1; length <= text.length; length++) {
      const fits = token === "?" || token === text[length - 1];
      next.push(
        token === "*"
          ? (row[length] as boolean) || (next[length - 1] as boolean)
          : fits && (row[length - 1] as boolean),
      );
    }
    row = next;
  }
  return row[text.length] as boolean;
}

describe("Wildcard", () => {
  test("matches as its definition says", () => {
    const short = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 10 });
    fc.assert(
      fc.property(pattern, short, (one, text) => {
        expect(matches(one, text)).toBe(matchesByDefinition(one, text));
      }),
      { numRuns: 5_000 },
    );
  });

  test("a text matches each pattern that is made from it", () => {
    const parts = fc.array(fc.tuple(fc.string({ maxLength: 5 }), fc.constantFrom("text", "*", "?")), { maxLength: 8 });
    fc.assert(
      fc.property(parts, (pieces) => {
        const text = pieces.map(([piece, kind]) => (kind === "?" ? "x" : piece)).join("");
        const tokens = pieces.map(([piece, kind]) => (kind === "text" ? { literal: piece } : (kind as "*" | "?")));
        expect(new Wildcard(tokens).matches(text)).toBe(true);
      }),
    );
  });

  test.each([
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["**", "ab", true],
    ["?", "", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["*ab", "aab", true],
    ["a?c*", "abcd", true],
    ["*.jpg", "a.jpg.gz", false],
    ["*/?/*", "a//b", false],
  ])("%j and %j: %s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.each([
    ["stars between letters", "*a".repeat(10_000), "a".repeat(10_000), true],
    ["stars between letters, and another at the end", `${"*a".repeat(5_000)}b`, "a".repeat(20_000), false],
    ["stars and question marks", `${"*?a?".repeat(2_000)}b`, "a".repeat(20_000), false],
    ["one long piece", `*${"a".repeat(5_000)}b*`, "a".repeat(20_000), false],
  ])("%s: ends", (_, pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });
});
