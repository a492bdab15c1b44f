import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { haveOverlap, type NotificationRule, ruleMatches } from "../../src/events/rules.ts";

function rule(parts: Partial<NotificationRule> = {}): NotificationRule {
  const target = "arn:aws:sqs:us-east-1:100000000001:q";
  return { id: "r", kind: "queue", target, events: ["s3:ObjectCreated:*"], prefix: null, suffix: null, ...parts };
}

describe("a rule", () => {
  it.each([
    [rule(), "ObjectCreated:Put", "a", true],
    [rule(), "ObjectRemoved:Delete", "a", false],
    [rule({ events: ["s3:ObjectCreated:Put"] }), "ObjectCreated:Copy", "a", false],
    [rule({ events: ["s3:ObjectCreated:Put"] }), "ObjectCreated:Put", "a", true],
    [rule({ events: ["s3:LifecycleTransition"] }), "LifecycleTransition", "a", true],
    [rule({ prefix: "in/" }), "ObjectCreated:Put", "in/a", true],
    [rule({ prefix: "in/" }), "ObjectCreated:Put", "out/a", false],
    [rule({ suffix: ".jpg" }), "ObjectCreated:Put", "in/a.jpg", true],
    [rule({ suffix: ".jpg" }), "ObjectCreated:Put", "in/a.JPG", false],
    // A key may be shorter than its prefix and its suffix together.
    [rule({ prefix: "ab", suffix: "bc" }), "ObjectCreated:Put", "abc", true],
  ])("%j of %s %s: %s", (one, event, key, matches) => {
    expect(ruleMatches(one, event, key)).toBe(matches);
  });
});

describe("rules of one bucket", () => {
  it.each([
    ["the same event", [rule(), rule({ events: ["s3:ObjectCreated:Put"] })], true],
    ["other events", [rule(), rule({ events: ["s3:ObjectRemoved:*"] })], false],
    ["other prefixes", [rule({ prefix: "a/" }), rule({ prefix: "b/" })], false],
    ["a prefix of the other", [rule({ prefix: "a/" }), rule({ prefix: "a/b/" })], true],
    ["other suffixes", [rule({ suffix: ".jpg" }), rule({ suffix: ".png" })], false],
    ["a suffix of the other", [rule({ suffix: "g" }), rule({ suffix: ".jpg" })], true],
    ["one with a prefix, one with a suffix", [rule({ prefix: "a/" }), rule({ suffix: ".jpg" })], true],
    [
      "the same prefix, other suffixes",
      [rule({ prefix: "a", suffix: "x" }), rule({ prefix: "a", suffix: "y" })],
      false,
    ],
  ])("%s", (_, rules, overlap) => {
    expect(haveOverlap(rules)).toBe(overlap);
  });

  it("tell each key to one of them at most, where they do not overlap", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 });
    const events = fc.subarray(["s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectRemoved:Delete"], {
      minLength: 1,
    });
    const some = fc.record({ prefix: fc.option(word), suffix: fc.option(word), events });
    fc.assert(
      fc.property(
        some,
        some,
        word,
        fc.constantFrom("ObjectCreated:Put", "ObjectRemoved:Delete"),
        (a, b, key, event) => {
          const rules = [rule(a), rule(b)];
          fc.pre(!haveOverlap(rules));
          expect(rules.filter((one) => ruleMatches(one, event, key)).length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
