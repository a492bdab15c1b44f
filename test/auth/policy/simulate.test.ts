// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables of this form
import { expect, test } from "vitest";
import { parsePolicy } from "../../../src/auth/policy/parse.ts";
import type { AccessRequest } from "../../../src/auth/policy/request.ts";
import { contextKeysOf, simulate } from "../../../src/auth/policy/simulate.ts";
import { compile } from "./support/compile.ts";
import { accountA, alice } from "./support/principals.ts";

const source = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::holiday/\${aws:PrincipalTag/Folder}/*"},
    {
      "Effect": "Deny", "Action": "*", "Resource": "*",
      "Condition": {"StringNotEquals": {"aws:RequestedRegion": "\${aws:RequestTag/Region}"}, "Bool": {"aws:SecureTransport": "false"}}
    },
    {"Effect": "Allow", "Action": "s3:Put*", "Resource": "*", "Condition": {"Null": {"s3:x-amz-acl": "true"}}}
  ]
}`;
const parsed = parsePolicy(source, { kind: "identity" });
if (!parsed.ok) throw new Error(parsed.failure.kind);
const policy = parsed.policy;

function request(more: Partial<AccessRequest> = {}): AccessRequest {
  return {
    principal: alice,
    action: "s3:GetObject",
    resource: "arn:aws:s3:::holiday/2026/a.jpg",
    resourceAccountId: accountA,
    context: () => undefined,
    now: 0,
    identityPolicies: [{ name: "mine", policy }],
    ...more,
  };
}

test("the keys and variables of a policy, as it spells them, each once", () => {
  expect(contextKeysOf(policy)).toEqual([
    "aws:PrincipalTag/Folder",
    "aws:RequestedRegion",
    "aws:RequestTag/Region",
    "aws:SecureTransport",
    "s3:x-amz-acl",
  ]);
});

test("what is missing is named; nothing that the action does not need", () => {
  const simulation = simulate(request());
  expect(simulation).toMatchObject({ decision: "implicitDeny", denial: { layer: "identity" }, matchedStatements: [] });
  expect(simulation.missingContextValues).toEqual([
    "aws:PrincipalTag/Folder",
    "aws:RequestedRegion",
    "aws:SecureTransport",
  ]);
});

test("matching statements are found in the text, all of them", () => {
  const entries = new Map([
    ["aws:principaltag/folder", "2026"],
    ["aws:securetransport", "false"],
  ]);
  const simulation = simulate(request({ overrides: (key) => entries.get(key) }));
  expect(simulation.decision).toBe("explicitDeny");
  expect(simulation.matchedStatements).toEqual([
    {
      layer: "identity",
      policy: "mine",
      sid: "Read",
      effect: "Allow",
      start: { line: 4, column: 5 },
      end: { line: 4, column: 125 },
    },
    {
      layer: "identity",
      policy: "mine",
      sid: null,
      effect: "Deny",
      start: { line: 5, column: 5 },
      end: { line: 8, column: 6 },
    },
  ]);
  const lines = source.split("\n");
  expect(lines[3]?.slice(4, 124)).toMatch(/^\{"Sid": "Read".*\}$/);
  expect(lines[7]?.slice(4, 5)).toBe("}");
});

test("context entries come before what follows from the principal", () => {
  const own = compile({
    Effect: "Allow",
    Action: "*",
    Resource: "*",
    Condition: { StringEquals: { "aws:username": "bob" } },
  });
  const identityPolicies = [{ name: "own", policy: own }];
  expect(simulate(request({ identityPolicies })).decision).toBe("implicitDeny");
  const overrides = (key: string) => (key === "aws:username" ? "bob" : undefined);
  expect(simulate(request({ identityPolicies, overrides })).decision).toBe("allowed");
});

test("each layer is shown by itself", () => {
  const allow = compile({ Effect: "Allow", Action: "*", Resource: "*" });
  const list = compile({ Effect: "Allow", Action: "s3:List*", Resource: "*" });
  const simulation = simulate(
    request({
      identityPolicies: [{ name: "all", policy: allow }],
      permissionsBoundary: { name: "limit", policy: list },
      resourcePolicy: compile(
        { Effect: "Allow", Principal: { AWS: accountA }, Action: "s3:*", Resource: "arn:aws:s3:::holiday/*" },
        { kind: "bucket", bucket: "holiday" },
      ),
    }),
  );
  expect([...simulation.layers]).toEqual([
    ["identity", "allowed"],
    ["boundary", "implicitDeny"],
    ["resource", "allowed"],
  ]);
  expect(simulation.denial).toEqual({ kind: "implicitDeny", layer: "boundary" });
  expect(simulation.matchedStatements.map(({ layer, policy }) => [layer, policy])).toEqual([
    ["identity", "all"],
    ["resource", null],
  ]);
});
