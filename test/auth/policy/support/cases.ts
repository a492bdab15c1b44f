// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables of this form
import type { PolicyPrincipal } from "../../../../src/auth/policy/principal.ts";
import {
  accountA,
  accountB,
  alice,
  anonymous,
  deploySession,
  federatedAlice,
  logDelivery,
  root,
} from "./principals.ts";
import type { Choices } from "./random.ts";

export type Json = Record<string, unknown>;

/** A request with all its policies, as documents. */
export interface Case {
  readonly principal: PolicyPrincipal;
  readonly action: string;
  readonly resource: string;
  readonly resourceAccountId: string;
  /** Keys as AWS spells them. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  readonly identityPolicies: readonly Json[];
  readonly boundary: Json | null;
  readonly session: Json | null;
  readonly resourcePolicy: Json | null;
}

export const now = Date.UTC(2026, 10, 29, 5, 0, 0);

const targets = [
  {
    service: "s3",
    actions: ["GetObject", "PutObject", "DeleteObject"],
    resource: "arn:aws:s3:::holiday/2026/photo.jpg",
  },
  { service: "s3", actions: ["GetObject", "PutObjectTagging"], resource: "arn:aws:s3:::holiday/home/alice/a$b" },
  { service: "s3", actions: ["ListBucket", "GetBucketLocation"], resource: "arn:aws:s3:::holiday" },
  { service: "sqs", actions: ["SendMessage", "ReceiveMessage"], resource: `arn:aws:sqs:us-east-1:${accountA}:jobs` },
  { service: "iam", actions: ["GetUser", "CreateAccessKey"], resource: `arn:aws:iam::${accountA}:user/alice` },
] as const;

const resourcePatterns: Record<string, readonly string[]> = {
  s3: [
    "arn:aws:s3:::holiday/*",
    "arn:aws:s3:::holiday",
    "arn:aws:s3:::holiday*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::holiday/2026/*.jpg",
    "arn:aws:s3:::holiday/202?/photo.*",
    "arn:aws:s3:::holiday/home/${aws:username}/*",
    "arn:aws:s3:::holiday/home/${aws:username, 'alice'}/a${$}b",
    "arn:aws:s3:::*/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::other/*",
    "arn:aws:s3:::holiday/*o*o*",
  ],
  sqs: [
    `arn:aws:sqs:us-east-1:${accountA}:jobs`,
    `arn:aws:sqs:*:${accountA}:*`,
    "arn:aws:sqs:us-east-?:*:j*",
    `arn:aws:sqs:us-east-1:${accountB}:jobs`,
    `arn:aws:sqs:us-west-1:${accountA}:jobs`,
  ],
  iam: [
    `arn:aws:iam::${accountA}:user/*`,
    `arn:aws:iam::${accountA}:user/\${aws:username}`,
    `arn:aws:iam::*:user/al*`,
    `arn:aws:iam::${accountA}:role/*`,
  ],
};

const actionPatterns: Record<string, readonly string[]> = {
  s3: ["s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject*", "s3:?etObject", "s3:*Object", "s3:getobject", "s3:List*"],
  sqs: ["sqs:*", "sqs:SendMessage", "sqs:*Message", "sqs:Receive*"],
  iam: ["iam:*", "iam:Get*", "iam:*AccessKey*"],
};

const principalNames = [
  accountA,
  accountB,
  `arn:aws:iam::${accountA}:root`,
  (alice as { arn: string }).arn,
  `arn:aws:iam::${accountA}:user/bob`,
  (deploySession as { roleArn: string }).roleArn,
  (deploySession as { arn: string }).arn,
  (federatedAlice as { arn: string }).arn,
];

type Condition = readonly [operators: readonly string[], key: string, values: readonly string[]];

const strings = [
  "StringEquals",
  "StringNotEquals",
  "StringLike",
  "StringNotLike",
  "StringEqualsIgnoreCase",
  "StringNotEqualsIgnoreCase",
];
const numbers = [
  "NumericEquals",
  "NumericNotEquals",
  "NumericLessThan",
  "NumericLessThanEquals",
  "NumericGreaterThan",
  "NumericGreaterThanEquals",
];
const dates = [
  "DateEquals",
  "DateNotEquals",
  "DateLessThan",
  "DateLessThanEquals",
  "DateGreaterThan",
  "DateGreaterThanEquals",
];
const arns = ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"];

const conditions: readonly Condition[] = [
  [strings, "s3:prefix", ["home/", "home/*", "home/${aws:username}/", "HOME/", "", "${aws:PrincipalTag/team}"]],
  [strings, "aws:username", ["alice", "Alice", "al*", "al?ce", "bob"]],
  [strings, "aws:userid", ["AIDAALICEALICEALICE11", "AROADEPLOYDEPLOYDEP11:*", "*:run-7"]],
  [
    strings,
    "AWS:PrincipalTag/Team",
    ["blue", "b*", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/none, 'blue'}", "red"],
  ],
  [strings, "aws:PrincipalType", ["User", "AssumedRole", "*"]],
  [strings, "aws:TagKeys", ["team", "t*", "cost"]],
  [strings, "aws:UserAgent", ["aws-cli/*", "*boto*", "${$}{x}", "a${?}"]],
  [numbers, "s3:max-keys", ["10", "10.0", "100", "-1", "9.5"]],
  [numbers, "s3:signatureAge", ["600000", "0"]],
  [
    dates,
    "aws:CurrentTime",
    ["2026-11-29T05:00:00Z", "2026-11-29T04:59:59Z", "2026-11-29T06:00:00+01:00", "2027-01-01T00:00:00Z"],
  ],
  [dates, "aws:TokenIssueTime", ["2026-11-28T00:00:00Z", "2026-11-29T04:00:00Z"]],
  [["Bool"], "aws:SecureTransport", ["true", "false", "True"]],
  [["Bool"], "aws:MultiFactorAuthPresent", ["true", "false"]],
  [
    ["IpAddress", "NotIpAddress"],
    "aws:SourceIp",
    ["203.0.113.0/24", "203.0.113.7/32", "10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"],
  ],
  [
    arns,
    "aws:SourceArn",
    ["arn:aws:s3:::holiday", "arn:aws:s3:*:*:hol*", "arn:aws:sns:us-east-1:111111111111:*", "arn:aws:*:::holiday"],
  ],
  [
    arns,
    "aws:PrincipalArn",
    [(alice as { arn: string }).arn, `arn:aws:iam::${accountA}:role/*`, "arn:aws:iam::*:user/${aws:username}"],
  ],
  [["Null"], "aws:TokenIssueTime", ["true", "false"]],
  [["Null"], "aws:TagKeys", ["true", "false"]],
  [["BinaryEquals"], "s3:x-amz-content-sha256", ["aGVsbG8=", "d29ybGQ="]],
];

function randomCondition(choices: Choices): Json {
  const block: Record<string, Json> = {};
  for (let count = 1 + choices.below(2); count > 0; count--) {
    const [operators, key, values] = choices.one(conditions);
    const base = choices.one(operators);
    const listed = key === "aws:TagKeys";
    const set =
      base !== "Null" && choices.chance(listed ? 0.8 : 0.1) ? choices.one(["ForAllValues:", "ForAnyValue:"]) : "";
    const ifExists = base !== "Null" && choices.chance(0.2) ? "IfExists" : "";
    block[`${set}${base}${ifExists}`] = { [key]: choices.chance(0.5) ? choices.one(values) : choices.some(values, 3) };
  }
  return block;
}

function randomStatement(choices: Choices, service: string, index: number): Json {
  const statement: Json = { Sid: `S${index}`, Effect: choices.chance(0.8) ? "Allow" : "Deny" };
  const actions = choices.chance(0.15) ? "*" : choices.some(actionPatterns[service] as readonly string[], 3);
  statement[choices.chance(0.1) ? "NotAction" : "Action"] = actions;
  const resources = choices.chance(0.15) ? "*" : choices.some(resourcePatterns[service] as readonly string[], 3);
  statement[choices.chance(0.1) ? "NotResource" : "Resource"] = resources;
  if (choices.chance(0.5)) statement.Condition = randomCondition(choices);
  return statement;
}

function randomPolicy(choices: Choices, service: string): Json {
  const count = 1 + choices.below(3);
  return {
    Version: choices.chance(0.9) ? "2012-10-17" : "2008-10-17",
    Statement: Array.from({ length: count }, (_, index) => randomStatement(choices, service, index)),
  };
}

function randomPrincipals(choices: Choices): unknown {
  if (choices.chance(0.25)) return "*";
  if (choices.chance(0.1)) return { Service: "logging.s3.amazonaws.com" };
  return { AWS: choices.chance(0.1) ? "*" : choices.some(principalNames, 3) };
}

function randomResourcePolicy(choices: Choices, service: string): Json {
  const policy = randomPolicy(choices, service);
  for (const statement of policy.Statement as Json[]) {
    const not = statement.Effect === "Deny" && choices.chance(0.15);
    statement[not ? "NotPrincipal" : "Principal"] = randomPrincipals(choices);
  }
  return policy;
}

function randomContext(choices: Choices): Case["context"] {
  const values: Record<string, readonly (string | readonly string[])[]> = {
    "s3:prefix": ["home/", "home/alice/", "home/x", "", "blue"],
    "aws:TagKeys": [["team"], ["team", "cost"], []],
    "aws:UserAgent": ["aws-cli/2.0", "boto3", "${x}", "a?", "ab"],
    "s3:max-keys": ["10", "100", "9.5"],
    "s3:signatureAge": ["0", "600000"],
    "aws:TokenIssueTime": ["2026-11-29T04:00:00Z", "2026-11-27T00:00:00Z"],
    "aws:SecureTransport": ["true", "false"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
    "aws:SourceIp": ["203.0.113.7", "10.1.2.3", "2001:db8::1", "2001:db9::1"],
    "aws:SourceArn": ["arn:aws:s3:::holiday", "arn:aws:sns:us-east-1:111111111111:news", "arn:aws:s3:::other"],
    "s3:x-amz-content-sha256": ["aGVsbG8=", "eA=="],
  };
  const context: Record<string, string | readonly string[]> = {};
  for (const [key, possible] of Object.entries(values)) if (choices.chance(0.7)) context[key] = choices.one(possible);
  return context;
}

const callers: readonly PolicyPrincipal[] = [
  alice,
  alice,
  deploySession,
  deploySession,
  federatedAlice,
  anonymous,
  logDelivery,
  root,
];

/** A case; the same seed, the same case. */
export function randomCase(choices: Choices): Case {
  const { service, actions, resource } = choices.one(targets);
  const principal = choices.one(callers);
  const isMember = "accountId" in principal && principal.kind !== "root";
  const isSession = principal.kind === "roleSession" || principal.kind === "federatedUser";
  const list = (probability: number) =>
    isMember && choices.chance(probability) ? randomPolicy(choices, service) : null;
  return {
    principal,
    action: `${service}:${choices.one(actions)}`,
    resource,
    resourceAccountId: choices.chance(0.7) ? accountA : accountB,
    context: randomContext(choices),
    identityPolicies: [list(0.8), list(0.3)].filter((policy) => policy !== null),
    boundary: list(0.25),
    session: isSession ? list(0.5) : null,
    resourcePolicy: choices.chance(0.6) ? randomResourcePolicy(choices, service) : null,
  };
}
