import { parseArn } from "../../../base/arn.ts";
import { compilePattern, type Pattern } from "../pattern.ts";
import type { Comparison } from "./operator.ts";

/**
 * ArnEquals and ArnLike, which AWS treats alike: each of the six parts is compared by itself and may hold wildcards and variables.
 * A value of the request that is no ARN matches nothing.
 */
export const arnLike: Comparison = {
  compile(text, { variables }) {
    const parts = splitParts(text);
    if (parts === null) return null;
    const patterns: Pattern[] = [];
    for (const part of parts) {
      const pattern = compilePattern(part, { wildcards: true, variables });
      if (pattern === null) return null;
      patterns.push(pattern);
    }
    const [partition, service, region, account, resource] = patterns as [Pattern, Pattern, Pattern, Pattern, Pattern];
    return {
      variables: patterns.flatMap((pattern) => pattern.variables),
      matches(value, lookup) {
        const arn = parseArn(value);
        return (
          arn !== null &&
          resource.matches(arn.resource, lookup) &&
          account.matches(arn.accountId, lookup) &&
          service.matches(arn.service, lookup) &&
          region.matches(arn.region, lookup) &&
          partition.matches(arn.partition, lookup)
        );
      },
    };
  },
};

/** The parts behind `arn:`, split at colons that are not within a variable; null if there are fewer than five. */
function splitParts(text: string): string[] | null {
  if (!text.startsWith("arn:")) return null;
  const parts: string[] = [];
  let start = 4;
  for (let at = start; at < text.length && parts.length < 4; at++) {
    if (text[at] === ":") {
      parts.push(text.slice(start, at));
      start = at + 1;
    } else if (text[at] === "$" && text[at + 1] === "{") {
      const end = text.indexOf("}", at);
      if (end < 0) return null;
      at = end;
    }
  }
  return parts.length === 4 ? [...parts, text.slice(start)] : null;
}
