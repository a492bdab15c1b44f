// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables of this form
import { expect, test } from "vitest";
import { isPublicPolicy } from "../../../src/auth/policy/public-access.ts";
import { compile } from "./support/compile.ts";

function isPublic(...statements: object[]): boolean {
  const Statement = statements.map((statement) => ({
    Effect: "Allow",
    Action: "s3:GetObject",
    Resource: "arn:aws:s3:::holiday/*",
    ...statement,
  }));
  return isPublicPolicy(compile({ Version: "2012-10-17", Statement }, { kind: "bucket", bucket: "holiday" }));
}

test.each([
  [{ Principal: "*" }, true],
  [{ Principal: { AWS: "*" } }, true],
  [{ Principal: { AWS: ["111111111111", "*"] } }, true],
  [{ Principal: { AWS: "111111111111" } }, false],
  [{ Principal: { AWS: "arn:aws:iam::111111111111:role/a" } }, false],
  [{ Principal: { CanonicalUser: "a".repeat(64) } }, false],
  [{ Principal: { Service: "logging.s3.amazonaws.com" } }, false],
  [{ Principal: { Federated: "accounts.google.com" } }, false],
  [{ Effect: "Deny", Principal: "*" }, false],
  [{ Effect: "Deny", NotPrincipal: { AWS: "111111111111" } }, false],
])("%j: %s", (statement, expected) => {
  expect(isPublic(statement)).toBe(expected);
});

test("one public statement makes the policy public", () => {
  expect(isPublic({ Principal: { AWS: "111111111111" } }, { Principal: "*" })).toBe(true);
});

test.each<[object, boolean]>([
  [{ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, false],
  [{ IpAddress: { "AWS:SourceIP": ["203.0.113.7", "10.0.0.0/8"] } }, false],
  [{ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }, true],
  [{ IpAddress: { "aws:SourceIp": "11.0.0.0/7" } }, true],
  [{ IpAddress: { "aws:SourceIp": "11.0.0.0/8" } }, false],
  [{ IpAddress: { "aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/1"] } }, true],
  [{ IpAddress: { "aws:SourceIp": "2001:db8::/32" } }, false],
  [{ IpAddress: { "aws:SourceIp": "2001:d00::/31" } }, true],
  [{ IpAddressIfExists: { "aws:SourceIp": "203.0.113.0/24" } }, true],
  [{ NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, true],
  [{ StringEquals: { "aws:SourceVpc": "vpc-91237329" } }, false],
  [{ StringLike: { "aws:SourceVpc": "vpc-91237329" } }, false],
  [{ StringLike: { "aws:SourceVpc": "vpc-*" } }, true],
  [{ StringEquals: { "aws:SourceVpc": ["vpc-1", "${aws:PrincipalTag/vpc}"] } }, true],
  [{ StringNotEquals: { "aws:SourceVpc": "vpc-91237329" } }, true],
  [{ StringEqualsIfExists: { "aws:SourceVpce": "vpce-1" } }, true],
  [{ "ForAllValues:StringEquals": { "aws:SourceAccount": "111111111111" } }, true],
  [{ "ForAnyValue:StringEquals": { "aws:SourceAccount": "111111111111" } }, false],
  [{ ArnEquals: { "aws:SourceArn": "arn:aws:s3:::source" } }, false],
  [{ ArnLike: { "aws:SourceArn": "arn:aws:s3:::*" } }, true],
  [{ StringEquals: { "aws:PrincipalOrgID": "o-1" } }, false],
  [{ ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::111111111111:role/a" } }, false],
  [{ StringEquals: { "aws:userid": "AIDAALICEALICEALICE11" } }, false],
  [{ StringLike: { "aws:userid": "AROADEPLOYDEPLOYDEP11:*" } }, true],
  [{ ArnLike: { "s3:DataAccessPointArn": "arn:aws:s3:us-west-2:111111111111:accesspoint/*" } }, false],
  [{ ArnLike: { "s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/a" } }, true],
  [{ StringEquals: { "aws:UserAgent": "x" } }, true],
  [{ Bool: { "aws:SecureTransport": "true" } }, true],
  [{ Bool: { "aws:SecureTransport": "true" }, IpAddress: { "aws:SourceIp": "203.0.113.7/32" } }, false],
])("everyone, where %j: %s", (Condition, expected) => {
  expect(isPublic({ Principal: "*", Condition })).toBe(expected);
});
