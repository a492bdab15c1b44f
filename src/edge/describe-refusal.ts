import type { AccessRefused } from "../auth/access.ts";
import { describeDenial } from "../auth/policy/decide.ts";

/** In AWS's words: `User: arn:… is not authorized to perform: iam:CreateUser on resource: arn:… because …`. */
export function describeRefusal({ ask, decision, principal }: AccessRefused): string {
  const who = `User: ${"arn" in principal ? principal.arn : "anonymous"} is not authorized to perform: ${ask.action}`;
  return `${who} on resource: ${ask.resource} ${describeDenial(decision.reason, ask.action)}`;
}
