import { encodeKey } from "../address/encode-key.ts";
import type { RoutingRule, WebsiteConfiguration } from "./configuration.ts";

/** Origin of a request: `http:` or `https:`, and the host with its port. */
export interface Origin {
  readonly protocol: string;
  readonly host: string;
}

/**
 * The URL of a key. Always with a host: a key may begin with a slash, and `//x/` alone would be
 * another site.
 */
export function urlOf({ protocol, host }: Origin, key: string): string {
  return `${protocol}//${host}/${encodeKey(key)}`;
}

/** Target of RedirectAllRequestsTo; path and query stay as they arrived. */
export function redirectAllTo(
  { redirectAll }: Extract<WebsiteConfiguration, { redirectAll: unknown }>,
  { protocol }: Origin,
  { rawPath, rawQuery }: { rawPath: string; rawQuery: string },
): string {
  const to = redirectAll.protocol ? `${redirectAll.protocol}:` : protocol;
  return `${to}//${redirectAll.hostName}${rawPath}${rawQuery === "" ? "" : `?${rawQuery}`}`;
}

/**
 * The first matching rule for a key. `status`: of the error that would be answered. Null: before
 * the object is looked up; only rules without an error code match then.
 */
export function findRule(rules: readonly RoutingRule[], key: string, status: number | null): RoutingRule | undefined {
  return rules.find(({ condition }) => {
    if (condition?.keyPrefix !== undefined && !key.startsWith(condition.keyPrefix)) return false;
    return condition?.errorCode === undefined ? status === null : condition.errorCode === status;
  });
}

/** Target of a rule for a key. */
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
