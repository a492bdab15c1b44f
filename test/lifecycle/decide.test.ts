import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LifecycleConfiguration, LifecycleRule } from "../../src/lifecycle/configuration.ts";
import { DAY_MS, dueAfter, nextMidnight } from "../../src/lifecycle/days.ts";
import { LifecycleRules, rulesOf, type Subject } from "../../src/lifecycle/decide.ts";
import { abortHeaders, expirationHeader, expiryOf } from "../../src/lifecycle/headers.ts";
import { outermost } from "../../src/lifecycle/prefixes.ts";

const at = (text: string) => Date.parse(text);
const rules = (
  list: Partial<LifecycleRule>[],
  minimumSize: LifecycleConfiguration["minimumSize"] = "all_storage_classes_128K",
) =>
  new LifecycleRules(
    { rules: list.map((rule, n) => ({ id: `r${n}`, enabled: true, filter: { form: "one" }, ...rule })), minimumSize },
    DAY_MS,
  );
const subject = (more: Partial<Subject> = {}): Subject => ({
  key: "logs/a",
  sizeBytes: 200_000,
  tags: [],
  storageClass: "STANDARD",
  modifiedMs: at("2026-01-15T10:30:00Z"),
  ...more,
});

describe("days", () => {
  it.each([
    ["2014-01-15T10:30:00Z", 3, "2014-01-19T00:00:00Z"],
    ["2014-01-15T00:00:00Z", 3, "2014-01-19T00:00:00Z"],
    ["2014-01-15T23:59:59.999Z", 0, "2014-01-16T00:00:00Z"],
  ])("after %s, %d of them, end at the next midnight", (since, days, due) => {
    expect(dueAfter(at(since), days, DAY_MS)).toBe(at(due));
  });

  it("may be short", () => {
    expect(dueAfter(12_345, 2, 10_000)).toBe(40_000);
    expect(nextMidnight(20_000, 10_000)).toBe(30_000);
  });
});

describe("several rules", () => {
  it("the shorter expiration counts, of equal ones the first", () => {
    const found = rules([
      { expiration: { days: 9 } },
      { expiration: { days: 3 } },
      { expiration: { days: 3 } },
    ]).expiration(subject());
    expect([found?.rule.id, found?.atMs]).toEqual(["r1", at("2026-01-19T00:00:00Z")]);
  });

  it("the cheapest class that is due counts, and nothing moves back", () => {
    const both = rules([
      { transitions: [{ days: 1, storageClass: "GLACIER_IR" }] },
      {
        transitions: [
          { days: 1, storageClass: "STANDARD_IA" },
          { days: 90, storageClass: "GLACIER" },
        ],
      },
    ]);
    const now = at("2026-02-01T00:00:00Z");
    expect(both.transition(subject(), now)?.storageClass).toBe("GLACIER_IR");
    expect(both.transition(subject({ storageClass: "GLACIER_IR" }), now)).toBeNull();
    expect(both.transition(subject({ storageClass: "GLACIER_IR" }), at("2026-08-01T00:00:00Z"))?.storageClass).toBe(
      "GLACIER",
    );
  });

  it("small objects do not move unless a rule has a size of its own, or the class is an archive and sizes vary", () => {
    const now = at("2027-01-01T00:00:00Z");
    const to = (storageClass: "GLACIER" | "GLACIER_IR", more = {}) =>
      [{ transitions: [{ days: 1, storageClass }], ...more }] as const;
    const small = subject({ sizeBytes: 131_071 });
    expect(rules([...to("GLACIER")]).transition(small, now)).toBeNull();
    expect(rules([...to("GLACIER")]).transition(subject({ sizeBytes: 131_072 }), now)).not.toBeNull();
    expect(rules([...to("GLACIER")], "varies_by_storage_class").transition(small, now)).not.toBeNull();
    expect(rules([...to("GLACIER_IR")], "varies_by_storage_class").transition(small, now)).toBeNull();
    const sized = { filter: { form: "one", largerThan: 1 } };
    expect(rules([...to("GLACIER_IR", sized)]).transition(small, now)).not.toBeNull();
  });

  it("a delete marker is a version of no bytes and no tags", () => {
    const marker = { ...subject({ sizeBytes: 0 }), noncurrentMs: 0, newer: 0 };
    const of = (filter: Partial<LifecycleRule["filter"]>) =>
      rules([{ filter: { form: "one", ...filter }, noncurrentExpiration: { days: 1 } }]).noncurrentExpiration(marker);
    expect(of({ smallerThan: 1 })).not.toBeNull();
    expect(of({ largerThan: 0 })).toBeNull();
    expect(of({ tags: [["a", "b"]] })).toBeNull();
  });
});

describe("headers", () => {
  it("say when and by which rule", () => {
    const found = rules([{ id: "Delete after 14 days", expiration: { days: 14 } }]);
    expect(expirationHeader(expiryOf(found, subject()))).toEqual({
      "x-amz-expiration": 'expiry-date="Fri, 30 Jan 2026 00:00:00 GMT", rule-id="Delete after 14 days"',
    });
    expect(expirationHeader(expiryOf(rules([{ expiration: { deleteMarker: true } }]), subject()))).toEqual({});
    expect(abortHeaders(rules([{ id: 'ä"\n%', abortDays: 1 }]).abort({ key: "k", initiatedMs: 0 }))).toEqual({
      "x-amz-abort-date": "Sat, 03 Jan 1970 00:00:00 GMT",
      "x-amz-abort-rule-id": "%C3%A4%22%0A%25",
    });
  });

  it("name the last midnight of the year 9999 for whatever comes later", () => {
    const found = rules([{ id: "far", expiration: { days: 2_147_483_647 }, abortDays: 2_147_483_647 }]);
    expect(expirationHeader(expiryOf(found, subject()))).toEqual({
      "x-amz-expiration": 'expiry-date="Fri, 31 Dec 9999 00:00:00 GMT", rule-id="far"',
    });
    expect(abortHeaders(found.abort({ key: "k", initiatedMs: 0 }))).toEqual({
      "x-amz-abort-date": "Fri, 31 Dec 9999 00:00:00 GMT",
      "x-amz-abort-rule-id": "far",
    });
  });

  it("are compiled once for a configuration", () => {
    const configuration = { rules: [], minimumSize: "all_storage_classes_128K" } as const;
    expect(rulesOf(configuration, DAY_MS)).toBe(rulesOf(configuration, DAY_MS));
    expect(rulesOf(configuration, 1_000)).not.toBe(rulesOf(configuration, DAY_MS));
  });
});

describe("prefixes that a walk looks at", () => {
  it("cover every key once", () => {
    const prefix = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(prefix, { minLength: 1, maxLength: 8 }), prefix, (prefixes, key) => {
        const covering = outermost(prefixes).filter((outer) => key.startsWith(outer)).length;
        expect(covering).toBe(prefixes.some((one) => key.startsWith(one)) ? 1 : 0);
      }),
    );
  });
});

/*
 * What a rule set does, written again from S3's documentation without looking at the code: each rule on its own, day by day.
 */
describe("the rules and a second evaluator", () => {
  const day = (n: number) => n * DAY_MS;
  const filter = fc.record(
    {
      form: fc.constant("and" as const),
      prefix: fc.constantFrom("", "a", "ab", "b"),
      tags: fc.constantFrom(
        [],
        [["k", "1"]],
        [["k", "2"]],
        [
          ["k", "1"],
          ["l", "1"],
        ],
      ) as fc.Arbitrary<[string, string][]>,
    },
    { requiredKeys: ["form"] },
  );
  const rule = fc.record(
    {
      id: fc.uuid(),
      enabled: fc.boolean(),
      filter,
      expiration: fc.oneof(
        fc.record({ days: fc.integer({ min: 1, max: 5 }) }),
        fc.record({ dateMs: fc.integer({ min: 0, max: 9 }).map(day) }),
      ),
      noncurrentExpiration: fc.record(
        { days: fc.integer({ min: 1, max: 4 }), newer: fc.integer({ min: 1, max: 3 }) },
        { requiredKeys: ["days"] },
      ),
    },
    { requiredKeys: ["id", "enabled", "filter"] },
  ) as fc.Arbitrary<LifecycleRule>;
  const object = fc.record({
    key: fc.constantFrom("a", "abc", "b", "c"),
    tags: fc.constantFrom(
      [],
      [["k", "1"]],
      [
        ["l", "1"],
        ["k", "1"],
      ],
    ) as fc.Arbitrary<[string, string][]>,
    modifiedMs: fc.integer({ min: 0, max: day(3) }),
    newer: fc.integer({ min: 0, max: 4 }),
    nowMs: fc.integer({ min: day(3), max: day(10) }),
  });

  const isAbout = (one: LifecycleRule, key: string, tags: [string, string][]) => {
    const all = Object.fromEntries(tags);
    return (
      one.enabled &&
      key.indexOf(one.filter.prefix ?? "") === 0 &&
      (one.filter.tags ?? []).every(([name, value]) => all[name] === value)
    );
  };
  /** Midnights that passed since the days were over: one is enough. */
  const isOver = (sinceMs: number, days: number, nowMs: number) => {
    const over = sinceMs + days * 86_400_000;
    return Math.floor(nowMs / 86_400_000) > Math.floor(over / 86_400_000);
  };

  it("agree on what is due", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), object, (list, { key, tags, modifiedMs, newer, nowMs }) => {
        const compiled = new LifecycleRules({ rules: list, minimumSize: "all_storage_classes_128K" }, DAY_MS);
        const one = { key, tags, modifiedMs, sizeBytes: 1, storageClass: "STANDARD" };
        const about = list.filter((candidate) => isAbout(candidate, key, tags));
        const expires = about.some(
          ({ expiration: how }) =>
            how && ("days" in how ? isOver(modifiedMs, how.days, nowMs) : "dateMs" in how && nowMs >= how.dateMs),
        );
        const due = compiled.expiration(one);
        expect(due !== null && due.atMs <= nowMs).toBe(expires);
        const goes = about.some(
          ({ noncurrentExpiration: how }) => how && newer >= (how.newer ?? 0) && isOver(modifiedMs, how.days, nowMs),
        );
        const noncurrent = compiled.noncurrentExpiration({ ...one, noncurrentMs: modifiedMs, newer });
        expect(noncurrent !== null && noncurrent.atMs <= nowMs).toBe(goes);
      }),
      { numRuns: 500 },
    );
  });
});
