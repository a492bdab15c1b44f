import { encodeKey } from "../address/encode-key.ts";
import type { RoutingRule, WebsiteConfiguration } from "./configuration.ts";

/** Where a request came in: `http:` or `https:`, and the host with its port. */
export interface Origin {
  readonly protocol: string;
  readonly host: string;
}

/** The URL of a key. Always with a host: a key may begin with a slash, and `//x/` alone would be another site. */
export function urlOf({ protocol, host }: Origin, key: string): string {
  return `${protocol}//${host}/${encodeKey(key)}`;
}

/** Where RedirectAllRequestsTo sends a request; path and query are kept as they arrived. */
export function redirectAllTo(
  { redirectAll }: Extract<WebsiteConfiguration, { redirectAll: unknown }>,
  { protocol }: Origin,
  { rawPath, rawQuery }: { rawPath: string; rawQuery: string },
): string {
  const to = redirectAll.protocol ? `${redirectAll.protocol}:` : protocol;
  return `${to}//${redirectAll.hostName}${rawPath}${rawQuery === "" ? "" : `?${rawQuery}`}`;
}

/**
 * The first rule that holds for a key. `status`: of the error that would be answered; null: before the object is looked up, when
 * only rules without an error code hold.
 */
export function findRule(rules: readonly RoutingRule[], key: string, status: number | null): RoutingRule | undefined {
  return rules.find(({ condition }) => {
    if (condition?.keyPrefix !== undefined && !key.startsWith(condition.keyPrefix)) return false;
    return condition?.errorCode === undefined ? status === null : condition.errorCode === status;
  });
}

/** Where a rule sends a request for a key. */
export function redirectOf(
  { condition, redirect }: RoutingRule,
  origin: Origin,
  key: string,
): { status: number; location: string } {
  const { hostName, protocol, code = 301, replaceKey, replacePrefix } = redirect;
  const rest = key.slice((condition?.keyPrefix ?? "").length);
  const to = replaceKey ?? (replacePrefix === undefined ? key : replacePrefix + rest);
  const target = { protocol: protocol ? `${protocol}:` : origin.protocol, host: hostName ?? origin.host };
  return { status: code, location: urlOf(target, to) };
}
