import fc from "fast-check";
import { expect, test } from "vitest";
import { likeMatcher as makeMatcher } from "../../src/select/like.ts";
import { refusal } from "./support.ts";

const likeMatcher = (pattern: string, escaping: string | null) => makeMatcher(pattern, escaping).matches;

test.each([
  ["", "", true],
  ["", "%", true],
  ["a", "", false],
  ["abc", "abc", true],
  ["abc", "a_c", true],
  ["abc", "a%", true],
  ["abc", "%c", true],
  ["abc", "%b%", true],
  ["abc", "a%b%c", true],
  ["ab", "a%b%b", false],
  ["aXbXc", "a_b_c", true],
  ["mississippi", "%s_ip%", true],
  ["100%", "100!%", true],
  ["1000", "100!%", false],
  ["a_b", "a!_b", true],
  ["a!b", "a!!b", true],
  ["a\nb", "a%b", true],
])("%j LIKE %j ESCAPE '!' is %s", (text, pattern, expected) => {
  expect(likeMatcher(pattern, "!")(text)).toBe(expected);
});

test("it agrees with a matcher that tries everything", () => {
  const slow = (text: string, pattern: string): boolean => {
    if (pattern === "") return text === "";
    if (pattern[0] === "%") return slow(text, pattern.slice(1)) || (text !== "" && slow(text.slice(1), pattern));
    return text !== "" && (pattern[0] === "_" || pattern[0] === text[0]) && slow(text.slice(1), pattern.slice(1));
  };
  const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "_", "%"), maxLength: 8 });
  fc.assert(
    fc.property(texts, patterns, (text, pattern) => likeMatcher(pattern, null)(text) === slow(text, pattern)),
    {
      numRuns: 2_000,
    },
  );
});

test("long needles and long runs with _ are found too", () => {
  const text = `${"ab".repeat(500)}c${"ab".repeat(500)}`;
  expect(likeMatcher(`%${"ab".repeat(100)}c%`, null)(text)).toBe(true);
  expect(likeMatcher(`%${"ab".repeat(100)}cc%`, null)(text)).toBe(false);
  expect(likeMatcher(`%${"_b".repeat(100)}c%`, null)(text)).toBe(true);
  expect(likeMatcher(`%${"_b".repeat(100)}d%`, null)(text)).toBe(false);
});

test("a run with _ that is too long is refused, and a pattern", async () => {
  expect(await refusal(() => likeMatcher(`_${"a".repeat(256)}`, null))).toBe("LikeInvalidInputs");
  expect(await refusal(() => likeMatcher("%".repeat(32_769), null))).toBe("LikeInvalidInputs");
});
