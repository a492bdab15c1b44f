import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstAccount } from "../../src/auth/principal.ts";
import { contains } from "../../src/base/key-range.ts";
import { visibleBucket } from "../../src/services/s3/gate/visible-rows.ts";
import { rootCaller, userWith } from "./rig.ts";

const request = { headers: new Headers(), tlsVersion: "TLSv1.3", nowMs: 0 };
const bucket = {
  ...{ id: 1, name: "holiday", owner: firstAccount.canonicalId, ownerAccount: null, region: "us-east-1", createdMs: 0 },
  ...{
    versioning: null,
    objectLock: null,
    accessId: null,
    access: null,
    notificationId: null,
    lifecycle: null,
    ownerRate: null,
  },
};
const ARN = "arn:aws:s3:::holiday";
const see = (statements: readonly object[], name = "bob") =>
  visibleBucket(userWith(statements, name), { ...request }, bucket);

interface PrefixRule {
  effect: "Allow" | "Deny";
  operator: "StringLike" | "StringEquals" | "StringNotLike" | "none";
  values: string[];
}
const key = fc.string({ unit: fc.constantFrom("a", "b", "/", "é"), maxLength: 6 });
const value = fc.tuple(key, fc.constantFrom("", "*", "?", "*/a")).map(([begin, end]) => begin + end);
const rule: fc.Arbitrary<PrefixRule> = fc.record({
  effect: fc.constantFrom("Allow" as const, "Allow" as const, "Deny" as const),
  operator: fc.constantFrom("StringLike" as const, "StringEquals" as const, "StringNotLike" as const, "none" as const),
  values: fc.array(value, { minLength: 1, maxLength: 3 }),
});

/** A listing's decision, written anew: regular expressions in place of the engine. */
function mayList(rules: readonly PrefixRule[], prefix: string | null): boolean {
  const applies = ({ operator, values }: PrefixRule) => {
    const like = (text: string) =>
      prefix !== null && new RegExp(`^${text.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(prefix);
    if (operator === "none") return true;
    if (operator === "StringEquals") return prefix !== null && values.includes(prefix);
    const isLike = values.some(like);
    return operator === "StringLike" ? isLike : !isLike;
  };
  return (
    rules.some((one) => one.effect === "Allow" && applies(one)) &&
    !rules.some((one) => one.effect === "Deny" && applies(one))
  );
}

const statementOf = ({ effect, operator, values }: PrefixRule) => ({
  Effect: effect,
  Action: "s3:ListBucket",
  Resource: ARN,
  ...(operator === "none" ? {} : { Condition: { [operator]: { "s3:prefix": values } } }),
});

describe("rows that a caller sees", () => {
  test("are those that a listing by one of the key's own prefixes would show, and no others", () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.array(key, { maxLength: 12 }), (rules, keys) => {
        const { objects } = see(rules.map(statementOf));
        for (const one of keys) {
          const prefixes = [null, ...Array.from({ length: one.length + 1 }, (_, length) => one.slice(0, length))];
          if (contains(objects, one)) expect(prefixes.some((prefix) => mayList(rules, prefix))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [{ StringLike: { "s3:prefix": "home/bob/*" } }, [{ lo: "home/bob/", hi: "home/bob0" }]],
    [{ StringLike: { "s3:prefix": ["home/$" + "{aws:username}/*"] } }, [{ lo: "home/bob/", hi: "home/bob0" }]],
    [{ StringEquals: { "s3:prefix": ["a", "b"] } }, [{ lo: "a", hi: "c" }]],
    [{ StringLike: { "s3:prefix": "*" } }, [{ lo: "", hi: null }]],
    [{ StringLike: { "s3:prefix": "home/*/public" } }, []],
    [{ StringEquals: { "s3:prefix": "", "s3:delimiter": "/" } }, []],
    [{ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, []],
  ])("an Allow with %j shows %j", (Condition, ranges) => {
    expect(see([{ Effect: "Allow", Action: "s3:ListBucket", Resource: ARN, Condition }]).objects).toEqual(ranges);
  });

  test("root sees all of its own account's buckets, and a stranger nothing", () => {
    const all = [{ lo: "", hi: null }];
    const root = visibleBucket(rootCaller(), request, bucket);
    expect([root.objects, root.versions, root.uploads, root.current.content]).toEqual([all, all, all, all]);
    const other = { accountId: "100000000002", canonicalId: "f".repeat(64), name: "other" };
    const stranger = visibleBucket(rootCaller(other), request, bucket);
    expect([stranger.objects, stranger.versions, stranger.uploads, stranger.current.content]).toEqual([[], [], [], []]);
  });
});

test("parts of a bucket with ACLs are shown to another account of its own uploads alone", () => {
  const access = { ownership: "ObjectWriter" } as const;
  const withAcls = { ...bucket, accessId: "acls", access };
  const other = { accountId: "100000000002", canonicalId: "f".repeat(64), name: "other" };
  const partsOf = (caller: Parameters<typeof visibleBucket>[0], one = withAcls) =>
    visibleBucket(caller, { ...request }, one as unknown as typeof bucket).partsOf;
  expect([partsOf(rootCaller(other)), partsOf(rootCaller())]).toEqual(["f".repeat(64), null]);
  expect(partsOf(rootCaller(other), bucket as unknown as typeof withAcls)).toBe(null);
});

describe("columns beyond a listing", () => {
  const list = { Effect: "Allow", Action: "s3:List*", Resource: ARN };
  const content = (...statements: object[]) => see([list, ...statements]).current.content;
  const allow = (Resource: string | string[], more = {}) => ({
    Effect: "Allow",
    Action: "s3:GetObject",
    Resource,
    ...more,
  });
  const deny = (Resource: string | string[], more = {}) => ({
    Effect: "Deny",
    Action: "s3:GetObject*",
    Resource,
    ...more,
  });

  test.each([
    [[allow(`${ARN}/*`)], [{ lo: "", hi: null }]],
    [[allow("*")], [{ lo: "", hi: null }]],
    [[allow("arn:aws:s3:::*")], [{ lo: "", hi: null }]],
    [[allow("arn:aws:s3:::holi*/*")], [{ lo: "", hi: null }]],
    [[allow(`${ARN}/home/*`)], [{ lo: "home/", hi: "home0" }]],
    [
      [allow(`${ARN}/*`), deny(`${ARN}/home/*`)],
      [
        { lo: "", hi: "home/" },
        { lo: "home0", hi: null },
      ],
    ],
    [[allow(`${ARN}/*`), deny(`${ARN}/*.key`)], []],
    [
      [allow(`${ARN}/*`), deny(`${ARN}/secret/*.key`)],
      [
        { lo: "", hi: "secret/" },
        { lo: "secret0", hi: null },
      ],
    ],
    [[allow(`${ARN}/one`)], []],
    [[allow(`${ARN}/*`, { Condition: { StringEquals: { "s3:ExistingObjectTag/a": "b" } } })], []],
    [[allow(`${ARN}/*`), deny("arn:aws:s3:::elsewhere/*")], [{ lo: "", hi: null }]],
    [[], []],
  ])("with %j are shown in %j", (statements, ranges) => {
    expect(content(...statements)).toEqual(ranges);
  });

  test("of a policy that names too much are not shown, and of a request's buckets only some", () => {
    const names = (count: number) =>
      Array.from({ length: count }, (_, at) => `${ARN}/${String(at).padStart(3, "0")}/*`);
    expect(content(allow(names(49))).length).toBe(49);
    expect(content(allow(names(50)))).toEqual([]);

    const one = { ...request };
    const caller = userWith([list, allow(names(49))]);
    const shown = (about: typeof one) => visibleBucket(caller, about, bucket).current.content.length;
    const counts = Array.from({ length: 250 }, () => shown(one));
    expect([counts[0], counts.at(-1)]).toEqual([49, 0]);
    expect(visibleBucket(caller, one, bucket).objects).toEqual([{ lo: "", hi: null }]);
    expect(shown({ ...request })).toBe(49);
  });

  const pattern = fc
    .tuple(
      fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 3 }),
      fc.constantFrom("", "*", "?", "*a", "*/*"),
    )
    .map(([begin, end]) => begin + end);
  const grant = fc.record({
    effect: fc.constantFrom("Allow", "Allow", "Deny"),
    patterns: fc.array(pattern, { minLength: 1, maxLength: 2 }),
  });

  test("are never shown of a key that GetObject would be denied", () => {
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 4 }), fc.array(key, { maxLength: 10 }), (grants, keys) => {
        const made = grants.map(({ effect, patterns }) => ({
          Effect: effect,
          Action: "s3:GetObject",
          Resource: patterns.map((text) => `${ARN}/${text}`),
        }));
        const ranges = see([list, ...made]).current.content;
        const matches = (patterns: readonly string[], one: string) =>
          patterns.some((text) => new RegExp(`^${text.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(one));
        for (const one of keys.filter((text) => text !== "")) {
          const isAllowed =
            grants.some(({ effect, patterns }) => effect === "Allow" && matches(patterns, one)) &&
            !grants.some(({ effect, patterns }) => effect === "Deny" && matches(patterns, one));
          if (contains(ranges, one)) expect(isAllowed).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
