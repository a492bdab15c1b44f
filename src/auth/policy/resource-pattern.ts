import { type Arn, parseArn } from "../../base/arn.ts";
import { compilePattern, type Pattern, type VariableLookup } from "./pattern.ts";

/** The ARN of what a request concerns, split once for all statements. */
export interface RequestResource {
  readonly text: string;
  /** Null for `*`, and for anything else that is no ARN. */
  readonly arn: Arn | null;
}

export function requestResource(text: string): RequestResource {
  return { text, arn: parseArn(text) };
}

/** One entry of Resource or NotResource. */
export interface ResourcePattern {
  readonly source: string;
  readonly variables: Pattern["variables"];
  matches(resource: RequestResource, lookup: VariableLookup): boolean;
}

const everyResource = { source: "*", variables: [], matches: () => true };

/**
 * Compiles `*` or an ARN. The six parts are compared one by one, so a star reaches over no colon before the fifth; variables count
 * behind it only. Parts that are missing at the end are `*`. Returns null if a variable is malformed.
 *
 * Follows "IAM JSON policy elements: Resource" in the IAM User Guide.
 */
export function compileResource(source: string, rules: { readonly variables: boolean }): ResourcePattern | null {
  if (source === "*") return everyResource;
  const parts = completeArn(source);
  const head = [parts.partition, parts.service, parts.region, parts.accountId].map(
    (part) => compilePattern(part, { wildcards: true, variables: false }) as Pattern,
  );
  const tail = compilePattern(parts.resource, { wildcards: true, variables: rules.variables });
  if (tail === null) return null;
  const [partition, service, region, account] = head as [Pattern, Pattern, Pattern, Pattern];
  return {
    source,
    variables: tail.variables,
    matches: ({ arn }, lookup) =>
      arn !== null &&
      service.matches(arn.service, lookup) &&
      tail.matches(arn.resource, lookup) &&
      account.matches(arn.accountId, lookup) &&
      region.matches(arn.region, lookup) &&
      partition.matches(arn.partition, lookup),
  };
}

/** The parts of an ARN in a policy; those that are missing at the end are `*`. `source` begins with `arn:`. */
export function completeArn(source: string): Arn {
  const missing = 5 - (source.match(/:/g)?.length ?? 0);
  return parseArn(missing > 0 ? source + ":*".repeat(missing) : source) as Arn;
}
