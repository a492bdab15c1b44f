import { describeForIam } from "../../../auth/policy/describe-failure.ts";
import { parsePolicy } from "../../../auth/policy/parse.ts";
import { invalidParameter } from "./errors.ts";

const limits = { bytes: 30_720, statements: 100 } as const;

/** What a topic's policy can allow: "Actions that Amazon SNS policies can specify". */
export const TOPIC_ACTIONS = [
  ...["Publish", "RemovePermission", "SetTopicAttributes", "DeleteTopic", "ListSubscriptionsByTopic"],
  ...["GetTopicAttributes", "AddPermission", "Subscribe", "GetDataProtectionPolicy", "PutDataProtectionPolicy"],
  "Receive",
];

/** The policy that a topic has until it gets one: that of AWS. */
export function defaultPolicy(arn: string, accountId: string): string {
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: TOPIC_ACTIONS.slice(0, 8).map((name) => `SNS:${name}`),
        Resource: arn,
        Condition: { StringEquals: { "AWS:SourceOwner": accountId } },
      },
    ],
  });
}

/** Checks the policy of a topic. Throws InvalidParameter. */
export function checkTopicPolicy(text: string, arn: string): void {
  if (new TextEncoder().encode(text).length > limits.bytes) {
    throw invalidParameter("Policy", `Policy must not have more than ${limits.bytes} bytes`);
  }
  const parsed = parsePolicy(text, { kind: "resource", arn });
  if (!parsed.ok) throw invalidParameter("Policy", `${describeForIam(parsed.failure, "resource").message}`);
  if (parsed.policy.statements.length > limits.statements) {
    throw invalidParameter("Policy", `Policy must not have more than ${limits.statements} statements`);
  }
  const { Statement } = JSON.parse(text) as { Statement: object | readonly object[] };
  for (const statement of [Statement].flat()) {
    const { Action = [], NotAction = [] } = statement as { Action?: string | string[]; NotAction?: string | string[] };
    if (![Action, NotAction].flat().every((action) => /^sns:/i.test(action))) {
      throw invalidParameter("Policy", "Policy statement action out of service scope!");
    }
  }
}
