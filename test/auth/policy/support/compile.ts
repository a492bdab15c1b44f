import type { PolicyPlace } from "../../../../src/auth/policy/failure.ts";
import { parsePolicy } from "../../../../src/auth/policy/parse.ts";
import type { Policy } from "../../../../src/auth/policy/policy.ts";

/** Compiles a document, or one statement of version 2012-10-17; a malformed one fails the test. */
export function compile(document: object, place: PolicyPlace = { kind: "identity" }): Policy {
  const whole = "Statement" in document ? document : { Version: "2012-10-17", Statement: [document] };
  const parsed = parsePolicy(JSON.stringify(whole), place);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return parsed.policy;
}
