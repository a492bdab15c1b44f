import { describe, expect, it } from "vitest";
import { type ServiceAsk, serviceMay } from "../../../src/auth/policy/service-may.ts";

const QUEUE = "arn:aws:sqs:us-east-1:100000000001:q";

const ask = (statement: object, more: Partial<ServiceAsk> = {}): boolean => {
  const allow = {
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: QUEUE,
  };
  return serviceMay({
    ...{ service: "s3.amazonaws.com", action: "sqs:SendMessage", resource: QUEUE, resourceAccountId: "100000000001" },
    ...{ source: { arn: "arn:aws:s3:::b", accountId: "222222222222" }, nowMs: 0 },
    policy: JSON.stringify({ Version: "2012-10-17", Statement: [allow, statement] }),
    ...more,
  });
};
const deny = (Condition: object) => ({
  ...{ Sid: "no", Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: QUEUE, Condition },
});

describe("a service that acts for a bucket or a topic", () => {
  it.each([
    ["aws:SecureTransport", { Bool: { "aws:SecureTransport": "false" } }, true],
    ["aws:SecureTransport", { Bool: { "aws:SecureTransport": "true" } }, false],
    ["aws:PrincipalIsAWSService", { Bool: { "aws:PrincipalIsAWSService": "false" } }, true],
    ["aws:PrincipalIsAWSService", { Bool: { "aws:PrincipalIsAWSService": "true" } }, false],
    ["aws:PrincipalServiceName", { StringEquals: { "aws:PrincipalServiceName": "s3.amazonaws.com" } }, false],
    ["aws:SourceAccount", { StringEquals: { "aws:SourceAccount": "222222222222" } }, false],
    ["aws:SourceAccount", { StringNotEquals: { "aws:SourceAccount": "222222222222" } }, true],
    ["aws:SourceArn", { ArnNotLike: { "aws:SourceArn": "arn:aws:s3:::b" } }, true],
    ["aws:SourceIp", { Null: { "aws:SourceIp": "true" } }, false],
    ["aws:PrincipalAccount", { Null: { "aws:PrincipalAccount": "true" } }, false],
    ["a key of the service's own", { Null: { "s3:x-amz-acl": "false" } }, true],
  ])("has %s as AWS gives it: a Deny on %j leaves it allowed: %s", (_, condition, isAllowed) => {
    expect(ask(deny(condition))).toBe(isAllowed);
  });

  it("can have facts of its own", () => {
    const facts = { "s3:x-amz-acl": "bucket-owner-full-control" };
    expect(ask(deny({ Null: { "s3:x-amz-acl": "false" } }), { facts })).toBe(false);
  });

  it("is refused by a policy that names another service, by one that is no policy, and without one", () => {
    expect(ask(deny({ Null: { "aws:SourceIp": "false" } }), { service: "sns.amazonaws.com" })).toBe(false);
    expect(ask({}, { policy: "{" })).toBe(false);
    expect(ask({}, { policy: undefined })).toBe(false);
  });
});
