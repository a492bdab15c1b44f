import { describeForIam } from "../../../auth/policy/describe-failure.ts";
import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import { invalidAttributeValue, sqsError } from "./errors.ts";

/** "Amazon SQS policy quotas" in the SQS Developer Guide. */
const limits = { bytes: 8_192, statements: 20, principals: 50, conditions: 10, actions: 7 } as const;

/** Checks the policy of a queue. Throws InvalidAttributeValue, or OverLimit for one that is too large. */
export function checkQueuePolicy(text: string, arn: string): Policy {
  if (new TextEncoder().encode(text).length > limits.bytes) {
    throw sqsError("OverLimit", `The policy must not have more than ${limits.bytes} bytes.`);
  }
  const parsed = parsePolicy(text, { kind: "resource", arn });
  if (!parsed.ok) throw invalidAttributeValue("Policy", describeForIam(parsed.failure, "resource").message);
  const { statements } = parsed.policy;
  const principals = statements.reduce((sum, one) => sum + (one.principals?.names.length ?? 0), 0);
  const conditions = statements.reduce((sum, one) => sum + one.conditions.length, 0);
  checkCount("statements", statements.length);
  checkCount("principals", principals);
  checkCount("conditions", conditions);
  return parsed.policy;
}

function checkCount(what: "statements" | "principals" | "conditions", count: number): void {
  if (count > limits[what])
    throw sqsError("OverLimit", `${count} ${what} were found, maximum allowed is ${limits[what]}.`);
}

/** Actions of one AddPermission. */
export const PERMISSION_ACTIONS_MAX = limits.actions;
