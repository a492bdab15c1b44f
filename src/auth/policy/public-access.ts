import { parseArn } from "../../base/arn.ts";
import type { Condition } from "./condition.ts";
import { parseRange } from "./operators/addresses.ts";
import type { Policy } from "./policy.ts";
import type { Statement } from "./statement.ts";

/** Keys whose fixed value limits a grant to somebody. */
const limitingKeys = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:userid",
  "s3:dataaccesspointaccount",
]);

const limitingOperators = new Set([
  "ArnEquals",
  "ArnLike",
  "NumericEquals",
  "StringEquals",
  "StringEqualsIgnoreCase",
  "StringLike",
]);

const ipv4PrefixBitsMin = 8;
const ipv6PrefixBitsMin = 32;

/**
 * Whether a bucket policy is public: whether it has an Allow statement for everyone that no fixed value of a condition key limits. A value
 * is fixed if it has neither a wildcard nor a variable. Ranges of addresses limit if they are no broader than /8 (IPv4),
 * which all private ones are, or /32 (IPv6).
 *
 * Follows "The meaning of 'public'" in "Blocking public access to your Amazon S3 storage" in the S3 User Guide.
 */
export function isPublicPolicy(policy: Policy): boolean {
  return policy.statements.some(isPublicStatement);
}

function isPublicStatement({ effect, principals, conditions }: Statement): boolean {
  if (effect === "Deny" || principals === null) return false;
  const isForEveryone = principals.not || principals.names.some(({ kind }) => kind === "anyone");
  return isForEveryone && !conditions.some(limits);
}

/** A condition that a request without the key meets does not limit. */
function limits({ operator, key, values }: Condition): boolean {
  if (operator.ifExists || operator.set === "all") return false;
  const lower = key.toLowerCase();
  if (lower === "aws:sourceip") return operator.base === "IpAddress" && values.every(isNarrow);
  if (!limitingOperators.has(operator.base)) return false;
  if (lower === "s3:dataaccesspointarn") return values.every(hasFixedAccount);
  return limitingKeys.has(lower) && values.every((value) => isFixed(value, operator.base));
}

function isFixed(value: string, base: string): boolean {
  const hasWildcards = base === "StringLike" || base.startsWith("Arn");
  return !value.includes("${") && !(hasWildcards && /[*?]/.test(value));
}

/** The name of an access point may be a wildcard. */
function hasFixedAccount(value: string): boolean {
  return /^[0-9]{12}$/.test(parseArn(value)?.accountId ?? "") && !value.includes("${");
}

function isNarrow(value: string): boolean {
  const range = parseRange(value);
  if (range === null) return false;
  return range.prefixBits >= (range.address.length > 2 ? ipv6PrefixBitsMin : ipv4PrefixBitsMin);
}
