import type { SessionClaims } from "../../../auth/keys/sessions.ts";
import { describeForIam } from "../../../auth/policy/describe-failure.ts";
import { findManagedPolicy } from "../../../auth/policy/managed-policies.ts";
import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Identities } from "../../../metadata/identities/identities.ts";
import { QueryError, validationError } from "../../../protocols/aws-query/error.ts";
import { invalidParameterValue } from "./errors.ts";

/** Characters of policies and tags that a token may carry: it travels in a header. AWS packs them into a binary form of its own. */
const PACKED_CHARACTERS_MAX = 8_192;

export interface PassedLimits {
  readonly Policy: string | undefined;
  readonly PolicyArns: readonly { readonly arn: string }[];
}

/**
 * Session policies as they go into the token. Throws MalformedPolicyDocument, or ValidationError if a managed policy is not one of
 * the account's or AWS's.
 */
export async function sessionLimits(
  identities: Identities,
  accountId: string,
  { Policy, PolicyArns }: PassedLimits,
): Promise<Pick<SessionClaims, "policy" | "policyArns">> {
  if (Policy !== undefined) {
    const parsed = parsePolicy(Policy, { kind: "session" });
    if (!parsed.ok) throw malformed(parsed.failure);
  }
  const policyArns = [...new Set(PolicyArns.map(({ arn }) => arn))];
  const own = policyArns.filter((arn) => findManagedPolicy(arn) === undefined);
  const known = own.length === 0 ? new Map<string, string>() : await identities.policies.documents(own);
  for (const arn of own) {
    if (!known.has(arn) || !arn.startsWith(`arn:aws:iam::${accountId}:policy/`)) {
      throw validationError(`PolicyArn ${arn.slice(0, 256)} does not exist or is not attachable.`);
    }
  }
  return { policy: Policy ?? null, policyArns };
}

function malformed(failure: Parameters<typeof describeForIam>[0]): QueryError {
  const { message } = describeForIam(failure, "session");
  return new QueryError("MalformedPolicyDocument", 400, message);
}

type Tag = readonly [key: string, value: string];

/** Tags that are passed, as they go into the token. Throws InvalidParameterValue for keys that are there twice, whatever their case. */
export function sessionTags(given: readonly { readonly Key: string; readonly Value: string }[]): Tag[] {
  const keys = given.map(({ Key }) => Key.toLowerCase());
  if (new Set(keys).size < keys.length)
    throw invalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  if (keys.some((key) => key.startsWith("aws:")))
    throw invalidParameterValue("Tag keys must not begin with aws:, which is reserved.");
  return given.map(({ Key, Value }) => [Key, Value]);
}

/** How full the token is, in percent. Throws PackedPolicyTooLarge above 100. */
export function packedPolicySize({
  policy,
  policyArns,
  tags,
}: Pick<SessionClaims, "policy" | "policyArns" | "tags">): number {
  const characters = (policy ?? "").length + policyArns.join("").length + tags.flat().join("").length;
  const percent = Math.ceil((100 * characters) / PACKED_CHARACTERS_MAX);
  if (percent <= 100) return percent;
  throw new QueryError(
    "PackedPolicyTooLarge",
    400,
    `Packed size of session tags and policies consumes ${percent}% of allotted space.`,
  );
}
