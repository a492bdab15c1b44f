// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables of this form
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern, type PatternRules } from "../../../src/auth/policy/pattern.ts";
import { anyText } from "../../support/any-text.ts";

const all: PatternRules = { wildcards: true, variables: true };
const values: Record<string, string> = { "aws:username": "al*ce", "aws:principaltag/cost center": "7" };
const lookup = (key: string) => values[key];

function matches(source: string, text: string, rules: PatternRules = all): boolean | null {
  return compilePattern(source, rules)?.matches(text, lookup) ?? null;
}

describe("variables", () => {
  test.each([
    ["home/${aws:username}/*", "home/al*ce/a", true],
    ["home/${aws:username}/*", "home/alice/a", false],
    ["home/${AWS:UserName}/*", "home/al*ce/a", true],
    ["${aws:PrincipalTag/Cost Center}", "7", true],
    ["${aws:nobody}", "", false],
    ["${aws:nobody}", "${aws:nobody}", false],
    ["${aws:nobody, 'none'}", "none", true],
    ["${aws:nobody,'no*ne'}", "no*ne", true],
    ["${aws:nobody,'no*ne'}", "no one", false],
    ["${aws:nobody, ''}x", "x", true],
    ["${aws:username, 'none'}", "none", false],
    ["${aws:nobody, 'a}b'}", "a}b", true],
    ["${*}${?}${$}{x}", "*?${x}", true],
    ["a${*}", "ab", false],
    ["$x$", "$x$", true],
    ["$*", "$1", true],
  ])("%s and %s: %s", (source, text, expected) => {
    expect(matches(source, text)).toBe(expected);
  });

  test.each(["${", "${aws:username", "${}", "${ }", "${a$b}", "${a, none}", "${a, 'none}", "${a, 'x' y}", "${a'b}"])(
    "%s is malformed",
    (source) => {
      expect(compilePattern(source, all)).toBeNull();
    },
  );

  test.each(["${aws:username}", "${", "${*}"])("%s is text where there are no variables", (source) => {
    const rules = { wildcards: false, variables: false };
    expect(compilePattern(source, rules)?.matches(source, lookup)).toBe(true);
  });

  test("no text takes long to be refused", () => {
    for (const source of ["${".repeat(50_000), `\${a${" ".repeat(100_000)}`, `\${a,${" ".repeat(100_000)}`]) {
      expect(compilePattern(source, all)).toBeNull();
    }
  });

  test("compiling never throws, and what a variable stands for is text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "'", ",", " ", "a", "*", "?") }), (source) => {
        compilePattern(source, all)?.matches(source, lookup);
      }),
    );
    fc.assert(
      fc.property(anyText(), (value) => {
        expect(compilePattern("<${k}>", all)?.matches(`<${value}>`, () => value)).toBe(true);
        expect(compilePattern("${K}", { ...all, ignoreCase: true })?.matches(value.toUpperCase(), () => value)).toBe(
          value.toUpperCase().toLowerCase() === value.toLowerCase(),
        );
      }),
    );
  });
});

test.each([
  [{ wildcards: false, variables: true }, "a*", "a*", true],
  [{ wildcards: false, variables: true }, "a*", "ab", false],
  [{ wildcards: false, variables: true, ignoreCase: true }, "AbC", "aBc", true],
  [{ wildcards: false, variables: true, ignoreCase: true }, "${aws:username}", "AL*CE", true],
  [{ wildcards: false, variables: true }, "AbC", "aBc", false],
])("%j: %s and %s: %s", (rules, source, text, expected) => {
  expect(matches(source, text, rules)).toBe(expected);
});
