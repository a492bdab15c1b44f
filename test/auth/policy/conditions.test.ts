// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables of this form
import { describe, expect, test } from "vitest";
import { decide } from "../../../src/auth/policy/decide.ts";
import type { PolicyPrincipal } from "../../../src/auth/policy/principal.ts";
import type { ContextValue } from "../../../src/auth/policy/request.ts";
import { compile } from "./support/compile.ts";
import { alice, anonymous, deploySession, federatedAlice, logDelivery, root } from "./support/principals.ts";

const now = Date.UTC(2026, 10, 29, 5, 0, 0);

interface Facts {
  readonly context?: Readonly<Record<string, ContextValue>>;
  readonly principal?: PolicyPrincipal;
  readonly version?: string;
}

/** Whether a condition holds: whether a resource policy that allows everyone under it allows the caller. */
function holds(
  Condition: object,
  { context = {}, principal = anonymous, version = "2012-10-17" }: Facts = {},
): boolean {
  const statement = { Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*", Condition };
  const arn = "arn:aws:sqs:us-east-1:111111111111:jobs";
  const resourcePolicy = compile({ Version: version, Statement: [statement] }, { kind: "resource", arn });
  const request = { principal, action: "sqs:SendMessage", resource: arn, resourceAccountId: "111111111111", now };
  const isRoot = principal.kind === "root";
  const decision = decide({
    ...request,
    context: (key) => context[key],
    identityPolicies: [],
    resourcePolicy,
    // Root needs no resource policy of its own account, so it asks as another account's.
    ...(isRoot ? { resourceAccountId: "222222222222" } : {}),
  });
  return decision.allowed;
}

type Row = readonly [operator: string, policy: unknown, request: ContextValue, expected: boolean];

describe("operators", () => {
  const rows: readonly Row[] = [
    ["StringEquals", "a", "a", true],
    ["StringEquals", "a", "A", false],
    ["StringEquals", "*", "a", false],
    ["StringEquals", ["b", "a"], "a", true],
    ["StringEquals", [], "a", false],
    ["StringEquals", "", "", true],
    ["StringEquals", 7, "7", true],
    ["StringEquals", true, "true", true],
    ["StringNotEquals", "a", "A", true],
    ["StringNotEquals", ["b", "a"], "a", false],
    ["StringNotEquals", [], "a", true],
    ["StringEqualsIgnoreCase", "aB", "Ab", true],
    ["StringEqualsIgnoreCase", "a*", "ab", false],
    ["StringNotEqualsIgnoreCase", "aB", "Ab", false],
    ["StringLike", "a*c?", "abbcd", true],
    ["StringLike", "A*", "ab", false],
    ["StringNotLike", ["x*", "a*"], "ab", false],
    ["NumericEquals", "10", "10.0", true],
    ["NumericEquals", 1e1, "10", true],
    ["NumericEquals", "10", "ten", false],
    ["NumericEquals", "10", "", false],
    ["NumericNotEquals", "10", "11", true],
    ["NumericNotEquals", "10", "ten", true],
    ["NumericLessThan", "10", "9.9", true],
    ["NumericLessThan", "10", "10", false],
    ["NumericLessThanEquals", "10", "10", true],
    ["NumericGreaterThan", "-5", "-4", true],
    ["NumericGreaterThan", "9", "10", true],
    ["NumericGreaterThanEquals", ["100", "5"], "10", true],
    ["DateEquals", "2026-11-29T05:00:00Z", "2026-11-29T06:00:00+01:00", true],
    ["DateEquals", "2026-11-29T05:00:00Z", "1795928400", true],
    ["DateEquals", "1795928400", "2026-11-29T05:00:00.000Z", true],
    ["DateNotEquals", "2026-11-29", "2026-11-29T00:00:00Z", false],
    ["DateLessThan", "2026-12", "2026-11-30T23:59:59.999Z", true],
    ["DateLessThan", "2026-12", "2026-12-01T00:00:00Z", false],
    ["DateLessThanEquals", "2026-12-01T00:00Z", "2026-12-01T00:00:00Z", true],
    ["DateGreaterThan", "2026-11-29T05:00:00Z", "2026-11-29T05:00:00.001Z", true],
    ["DateGreaterThan", "2026-11-29T05:00:00Z", "soon", false],
    ["DateGreaterThanEquals", "2026-11-29T05:00:00", "2026-11-29T05:00:00Z", true],
    ["Bool", "true", "true", true],
    ["Bool", true, "TRUE", true],
    ["Bool", "True", "false", false],
    ["Bool", "false", "", false],
    ["BinaryEquals", "aGVsbG8=", "aGVsbG8=", true],
    ["BinaryEquals", "aGVsbG8=", "agvsbg8=", false],
    ["IpAddress", "203.0.113.0/24", "203.0.113.255", true],
    ["IpAddress", "203.0.113.0/24", "203.0.114.0", false],
    ["IpAddress", "203.0.113.77/24", "203.0.113.1", true],
    ["IpAddress", "203.0.113.7", "203.0.113.7", true],
    ["IpAddress", "203.0.113.6/31", "203.0.113.7", true],
    ["IpAddress", "0.0.0.0/0", "203.0.113.7", true],
    ["IpAddress", "0.0.0.0/0", "2001:db8::1", false],
    ["IpAddress", "::/0", "203.0.113.7", false],
    ["IpAddress", "::/0", "2001:db8::1", true],
    ["IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678:9abc::1", true],
    ["IpAddress", "2001:db8:1234:5678::/64", "2001:db8:1234:5679::1", false],
    ["IpAddress", "2001:db8::/33", "2001:db8:8000::1", false],
    ["IpAddress", "2001:db8::1", "2001:0db8:0:0:0:0:0:1", true],
    ["IpAddress", "203.0.113.0/24", "::ffff:203.0.113.7", true],
    ["IpAddress", "::ffff:203.0.113.0/120", "203.0.113.7", true],
    ["IpAddress", "203.0.113.0/24", "unknown", false],
    ["NotIpAddress", ["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.7", false],
    ["NotIpAddress", "203.0.113.0/24", "203.0.114.7", true],
    ["NotIpAddress", "203.0.113.0/24", "unknown", true],
    ["ArnEquals", "arn:aws:s3:::holiday", "arn:aws:s3:::holiday", true],
    ["ArnEquals", "arn:aws:s3:::hol*", "arn:aws:s3:::holiday", true],
    ["ArnLike", "arn:aws:*:us-?ast-1:*:a*:b", "arn:aws:sns:us-east-1:111111111111:a:x:b", true],
    ["ArnLike", "arn:aws:s3:*:::holiday", "arn:aws:s3:::holiday", false],
    ["ArnLike", "arn:aws:s3:::*", "holiday", false],
    ["ArnNotEquals", "arn:aws:s3:::hol*", "arn:aws:s3:::holiday", false],
    ["ArnNotLike", "arn:aws:s3:::hol*", "arn:aws:s3:::other", true],
    ["ArnNotLike", "arn:aws:s3:::hol*", "other", true],
    ["Null", "true", "x", false],
    ["Null", false, "x", true],
    ["Null", ["true", "false"], "x", true],
  ];

  test.each(rows)("%s %j, where the request has %j: %s", (operator, value, request, expected) => {
    expect(holds({ [operator]: { "Sherd:Key": value } }, { context: { "sherd:key": request } })).toBe(expected);
  });
});

describe("keys that the request does not have", () => {
  const positive = {
    StringEquals: "a",
    StringLike: "*",
    NumericLessThan: "1",
    DateLessThan: "2030-01-01",
    Bool: "true",
  };
  const more = { BinaryEquals: "", IpAddress: "0.0.0.0/0", ArnLike: "arn:*:*:*:*:*", StringEqualsIgnoreCase: "a" };
  const negated = { StringNotEquals: "a", StringNotLike: "*", NumericNotEquals: "1", DateNotEquals: "2030-01-01" };
  const moreNegated = { NotIpAddress: "0.0.0.0/0", ArnNotLike: "arn:*:*:*:*:*", StringNotEqualsIgnoreCase: "a" };

  test.each(Object.entries({ ...positive, ...more }))("%s does not hold, with IfExists it does", (operator, value) => {
    expect(holds({ [operator]: { "x:y": value } })).toBe(false);
    expect(holds({ [`${operator}IfExists`]: { "x:y": value } })).toBe(true);
  });

  test.each(Object.entries({ ...negated, ...moreNegated }))("%s holds, and with IfExists too", (operator, value) => {
    expect(holds({ [operator]: { "x:y": value } })).toBe(true);
    expect(holds({ [`${operator}IfExists`]: { "x:y": value } })).toBe(true);
  });

  test.each(["StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists"])(
    "ForAllValues:%s holds, ForAnyValue:%s does not",
    (operator) => {
      expect(holds({ [`ForAllValues:${operator}`]: { "x:y": "a" } })).toBe(true);
      expect(holds({ [`ForAnyValue:${operator}`]: { "x:y": "a" } })).toBe(false);
    },
  );

  test("Null tells whether there is one", () => {
    expect(holds({ Null: { "x:y": "true" } })).toBe(true);
    expect(holds({ Null: { "x:y": "false" } })).toBe(false);
    expect(holds({ Null: { "x:y": "true" } }, { context: { "x:y": [] } })).toBe(true);
    expect(holds({ Null: { "x:y": "false" } }, { context: { "x:y": "" } })).toBe(true);
  });
});

describe("lists", () => {
  test.each([
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "b"], true],
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false],
    ["ForAllValues:StringEquals", ["a"], [], true],
    ["ForAllValues:StringEquals", ["a"], "", true],
    ["ForAllValues:StringEquals", ["a"], "a", true],
    ["ForAllValues:StringNotEquals", ["a"], ["b", "c"], true],
    ["ForAllValues:StringNotEquals", ["a"], ["a", "c"], false],
    ["ForAnyValue:StringLike", ["a*"], ["b", "ab"], true],
    ["ForAnyValue:StringLike", ["a*"], ["b"], false],
    ["ForAnyValue:StringLike", ["*"], [], false],
    ["ForAnyValue:StringLike", ["*"], "", false],
    ["ForAnyValue:StringNotEquals", ["a"], ["a", "b"], true],
    ["ForAnyValue:StringNotEquals", ["a"], ["a"], false],
    ["StringEquals", ["a"], ["a"], false],
    ["StringNotEquals", ["a"], ["b"], false],
    ["StringEqualsIfExists", ["a"], ["a"], false],
  ])("%s %j, where the request has %j: %s", (operator, values, request, expected) => {
    expect(holds({ [operator]: { "aws:TagKeys": values } }, { context: { "aws:tagkeys": request } })).toBe(expected);
  });
});

describe("several conditions", () => {
  const context = { "a:b": "1", "c:d": "2" };

  test("all operators and all keys must hold", () => {
    expect(holds({ StringEquals: { "a:b": "1", "c:d": "2" }, StringNotEquals: { "a:b": "3" } }, { context })).toBe(
      true,
    );
    expect(holds({ StringEquals: { "a:b": "1", "c:d": "3" } }, { context })).toBe(false);
    expect(holds({ StringEquals: { "a:b": "1" }, StringNotEquals: { "c:d": "2" } }, { context })).toBe(false);
  });

  test("none always holds", () => {
    expect(holds({})).toBe(true);
    expect(holds({ StringEquals: {} })).toBe(true);
  });
});

describe("variables", () => {
  const context = { "aws:requesttag/team": "blue", "aws:tagkeys": ["blue"] };

  test.each([
    ["StringEquals", "${aws:PrincipalTag/team}", true],
    ["StringEquals", "${aws:PrincipalTag/none, 'blue'}", true],
    ["StringEquals", "${aws:PrincipalTag/none}", false],
    ["StringNotEquals", "${aws:PrincipalTag/none}", true],
    ["StringNotLike", "${aws:PrincipalTag/none}*", true],
    ["StringLike", "${aws:PrincipalTag/team}*", true],
    ["StringEquals", "${aws:TagKeys}", false],
    ["StringEqualsIgnoreCase", "B${$}UE", false],
  ])("%s %s: %s", (operator, value, expected) => {
    const facts = { context, principal: alice };
    expect(holds({ [operator]: { "aws:RequestTag/team": value } }, facts)).toBe(expected);
  });

  test("are text in policies of 2008-10-17 and in operators that have none", () => {
    const facts = { context: { "x:y": "${aws:username}" }, principal: alice };
    expect(holds({ StringEquals: { "x:y": "${aws:username}" } }, { ...facts, version: "2008-10-17" })).toBe(true);
    expect(holds({ StringEquals: { "x:y": "${aws:username}" } }, facts)).toBe(false);
  });

  test("stand in ARNs and Booleans too", () => {
    const arn = { context: { "aws:sourcearn": "arn:aws:iam::111111111111:user/alice" }, principal: alice };
    const value = "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}";
    expect(holds({ ArnEquals: { "aws:SourceArn": value } }, arn)).toBe(true);
    const bool = { context: { "a:b": "true", "c:d": "TRUE" } };
    expect(holds({ Bool: { "a:b": "${c:d}" } }, bool)).toBe(true);
  });
});

describe("keys that follow from the principal and the time", () => {
  const account = "111111111111";
  const rows: readonly (readonly [PolicyPrincipal, Record<string, string | null>])[] = [
    [alice, { "aws:PrincipalArn": `arn:aws:iam::${account}:user/alice`, "aws:userid": "AIDAALICEALICEALICE11" }],
    [alice, { "aws:username": "alice", "aws:PrincipalType": "User", "aws:PrincipalTag/TEAM": "blue" }],
    [alice, { "aws:PrincipalAccount": account, "aws:PrincipalIsAWSService": "false", "aws:PrincipalTag/x": null }],
    [deploySession, { "aws:PrincipalArn": `arn:aws:iam::${account}:role/team/deploy`, "aws:username": null }],
    [deploySession, { "aws:userid": "AROADEPLOYDEPLOYDEP11:run-7", "aws:PrincipalType": "AssumedRole" }],
    [federatedAlice, { "aws:PrincipalArn": `arn:aws:sts::${account}:federated-user/alice`, "aws:username": null }],
    [federatedAlice, { "aws:userid": `${account}:alice`, "aws:PrincipalType": "FederatedUser" }],
    [
      root,
      { "aws:PrincipalArn": `arn:aws:iam::${account}:root`, "aws:userid": account, "aws:PrincipalType": "Account" },
    ],
    [anonymous, { "aws:PrincipalArn": null, "aws:userid": "anonymous", "aws:PrincipalType": "Anonymous" }],
    [anonymous, { "aws:PrincipalAccount": "anonymous", "aws:PrincipalIsAWSService": null }],
    [logDelivery, { "aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "logging.s3.amazonaws.com" }],
    [anonymous, { "aws:CurrentTime": "2026-11-29T05:00:00.000Z", "aws:EpochTime": "1795928400" }],
  ];

  test.each(rows)("%# are what the IAM User Guide says", (principal, keys) => {
    for (const [key, value] of Object.entries(keys)) {
      const condition = value === null ? { Null: { [key]: "true" } } : { StringEquals: { [key]: value } };
      expect(holds(condition, { principal }), key).toBe(true);
    }
  });

  test("are not to be had from the request", () => {
    const context = { "aws:username": "bob", "aws:principaltag/team": "red", "aws:principalaccount": "9" };
    expect(holds({ StringEquals: { "aws:username": "bob" } }, { principal: alice, context })).toBe(false);
    expect(holds({ StringEquals: { "aws:username": "bob" } }, { principal: anonymous, context })).toBe(false);
    expect(holds({ StringEquals: { "aws:PrincipalTag/team": "red" } }, { principal: root, context })).toBe(false);
    expect(holds({ StringEquals: { "aws:PrincipalAccount": "9" } }, { principal: logDelivery, context })).toBe(false);
  });

  test("days and hours", () => {
    const between = (after: string, before: string) =>
      holds({ DateGreaterThan: { "aws:CurrentTime": after }, DateLessThan: { "aws:EpochTime": before } });
    expect(between("2026-11-29T04:59:59Z", "2026-11-29T05:00:01Z")).toBe(true);
    expect(between("2026-11-29T05:00:00Z", "2026-11-29T05:00:01Z")).toBe(false);
  });
});
