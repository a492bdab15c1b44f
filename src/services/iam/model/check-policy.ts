import { describeForIam } from "../../../auth/policy/describe-failure.ts";
import type { PolicyPlace } from "../../../auth/policy/failure.ts";
import { countedCharacters, policyLimits } from "../../../auth/policy/limits.ts";
import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import type { EntityKind, InlinePolicyRow } from "../../../metadata/identities/entities.ts";
import { QueryError } from "../../../protocols/aws-query/error.ts";
import { limitExceeded } from "./errors.ts";

/** All inline policies of an entity, white space included: what is read whenever one of its keys is met for the first time. */
const INLINE_TEXT_MAX = 262_144;

const inlineLimits: Readonly<Record<EntityKind, number>> = {
  user: policyLimits.userInlineCharacters,
  group: policyLimits.groupInlineCharacters,
  role: policyLimits.roleInlineCharacters,
};

/** The policy, or AWS's MalformedPolicyDocument or LimitExceeded. */
export function checkPolicy(text: string, place: PolicyPlace): Policy {
  const parsed = parsePolicy(text, place);
  if (parsed.ok) return parsed.policy;
  const { code, message } = describeForIam(parsed.failure);
  throw new QueryError(code, code === "LimitExceeded" ? 409 : 400, message);
}

/** A managed policy's document. */
export function checkManagedPolicy(text: string): void {
  checkPolicy(text, { kind: "identity" });
  requireSize("PolicySize", text, policyLimits.managedCharacters);
}

export function checkTrustPolicy(text: string): void {
  checkPolicy(text, { kind: "trust" });
  requireSize("ACLSizePerRole", text, policyLimits.trustCharacters);
}

/** A new inline policy beside those that the entity has. */
export function checkInlinePolicy(
  entity: { kind: EntityKind; name: string },
  added: InlinePolicyRow,
  existing: readonly InlinePolicyRow[],
): void {
  checkPolicy(added.document, { kind: "identity" });
  const all = [...existing.filter(({ name }) => name !== added.name), added].map(({ document }) => document);
  const limit = inlineLimits[entity.kind];
  const counted = all.reduce((sum, document) => sum + countedCharacters(document), 0);
  const stored = all.reduce((sum, document) => sum + document.length, 0);
  if (counted <= limit && stored <= INLINE_TEXT_MAX) return;
  throw limitExceeded(`Maximum policy size of ${limit} bytes exceeded for ${entity.kind} ${entity.name}`);
}

function requireSize(quota: string, text: string, limit: number): void {
  if (countedCharacters(text) > limit) throw limitExceeded(`Cannot exceed quota for ${quota}: ${limit}`);
}
