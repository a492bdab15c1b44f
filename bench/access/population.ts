import type { PolicyPlace } from "../../src/auth/policy/failure.ts";
import { parsePolicy } from "../../src/auth/policy/parse.ts";
import type { Policy } from "../../src/auth/policy/policy.ts";
import type { UserPrincipal } from "../../src/auth/policy/principal.ts";
import type { NamedPolicy } from "../../src/auth/policy/request.ts";

export const accountId = "111111111111";
export const bucket = "shared";

export interface BenchUser {
  readonly principal: UserPrincipal;
  readonly policies: readonly NamedPolicy[];
}

/** Parses a document of the benchmark; a malformed one is a bug of the benchmark. */
function compile(document: object, place: PolicyPlace): Policy {
  const parsed = parsePolicy(JSON.stringify(document), place);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return parsed.policy;
}

/**
 * Users of one account, each with policies of its own, as a group's tutorial would have them: its home folder, listing it, uploads over TLS,
 * a denial, and folders of projects. The last policy allows what is asked, so that all are read.
 */
export function makeUsers(count: number, policiesEach: number): BenchUser[] {
  return Array.from({ length: count }, (_, number) => {
    const name = `user-${number}`;
    const policies = Array.from({ length: policiesEach }, (_, index) => ({
      name: `policy-${index}`,
      policy: compile(userPolicy(name, index, policiesEach), { kind: "managed" }),
    }));
    return { principal: makePrincipal(name, number), policies };
  });
}

function makePrincipal(name: string, number: number): UserPrincipal {
  return {
    kind: "user",
    arn: `arn:aws:iam::${accountId}:user/${name}`,
    accountId,
    canonicalId: "a".repeat(64),
    name,
    uniqueId: `AIDA${number.toString().padStart(17, "0")}`,
    tags: new Map([["team", `team-${number % 10}`]]),
  };
}

function userPolicy(name: string, index: number, policiesEach: number): object {
  const objects = `arn:aws:s3:::${bucket}`;
  if (index === policiesEach - 1) {
    const resources = [`${objects}/home/\${aws:username}/*`, `${objects}/team/\${aws:PrincipalTag/team}/*`];
    return policyOf([{ Effect: "Allow", Action: ["s3:GetObject*", "s3:PutObject*"], Resource: resources }]);
  }
  if (index === 0) {
    const Condition = { Bool: { "aws:SecureTransport": "false" }, StringNotLike: { "aws:UserAgent": "internal*" } };
    return policyOf([{ Effect: "Deny", Action: "s3:*", Resource: "*", Condition }]);
  }
  return policyOf([
    { Effect: "Allow", Action: "s3:ListBucket", Resource: objects, Condition: prefixes(name, index) },
    { Effect: "Allow", Action: ["s3:Get*", "s3:PutObject"], Resource: `${objects}/project-${index}/*/${name}/*` },
    { Effect: "Allow", Action: ["iam:Get*", "iam:List*"], Resource: `arn:aws:iam::${accountId}:user/${name}` },
  ]);
}

function prefixes(name: string, index: number): object {
  return { StringLike: { "s3:prefix": [`project-${index}/*`, `home/${name}/*`] } };
}

function policyOf(statements: readonly object[]): object {
  return { Version: "2012-10-17", Statement: statements };
}

const bucketPolicyBytes = 20_000;

/** A bucket policy of just under 20 KB. Its statements match the action but do not decide it. */
export function makeBucketPolicy(): Policy {
  const statements: object[] = [];
  for (let index = 0; JSON.stringify(policyOf(statements)).length < bucketPolicyBytes - 300; index++) {
    statements.push({
      Sid: `Partner${index}`,
      Effect: index % 4 === 0 ? "Deny" : "Allow",
      Principal: index % 4 === 0 ? "*" : { AWS: `arn:aws:iam::${accountId}:user/partner-${index}` },
      Action: ["s3:GetObject", "s3:PutObject"],
      Resource: `arn:aws:s3:::${bucket}/partner-${index}/*`,
      Condition: { NotIpAddress: { "aws:SourceIp": ["203.0.113.0/24", `198.51.100.${index % 256}/32`] } },
    });
  }
  return compile(policyOf(statements), { kind: "bucket", bucket });
}
