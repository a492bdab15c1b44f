import type { RequestFacts } from "../auth/access.ts";
import type { ContextValue } from "../auth/policy/request.ts";
import type { Clock } from "../base/clock.ts";

/**
 * Where the address of a client is found: in what the runtime says of the connection, or in a header that a trusted proxy sets
 * (its name in lower case). A header that anybody could send must not decide who may do what.
 */
export type ClientAddress = { readonly from: "connection" } | { readonly from: "header"; readonly name: string };

/**
 * The condition keys that follow from the HTTP request alone, for every service.
 *
 * Follows "AWS global condition context keys" in the IAM User Guide, "Properties of the network" and "Properties of the request".
 */
export function requestFacts(request: Request, address: ClientAddress, clock: Clock): RequestFacts {
  const tlsVersion = tlsVersionOf(request);
  return {
    now: () => clock.now(),
    context: (key) => contextValue(key, request, address),
    ...(tlsVersion !== null && { tlsVersion }),
  };
}

/** `TLSv1.3`, as Cloudflare's edge names it; null if nobody does. */
export function tlsVersionOf({ cf }: Request): string | null {
  return typeof cf?.tlsVersion === "string" ? cf.tlsVersion : null;
}

function contextValue(key: string, request: Request, address: ClientAddress): ContextValue | undefined {
  switch (key) {
    case "aws:sourceip":
      return sourceAddress(request, address) ?? undefined;
    case "aws:securetransport":
      return String(isSecure(request, address));
    case "aws:useragent":
      return request.headers.get("user-agent") ?? undefined;
    case "aws:referer":
      return request.headers.get("referer") ?? undefined;
    default:
      return undefined;
  }
}

/** The client's IP address, or null if nobody trustworthy names one: a condition on it then finds no value. */
export function sourceAddress(request: Request, address: ClientAddress): string | null {
  if (address.from === "header") {
    // The proxy appends the address that it saw; what stands before it may be the client's own invention.
    return addressOf(request.headers.get(address.name)?.split(",").at(-1) ?? "");
  }
  const connection: Readonly<Record<string, unknown>> = request.cf ?? {};
  // workerd itself names the peer; Cloudflare's edge does so in a header that no client can set there.
  if (typeof connection.clientIp === "string") return addressOf(connection.clientIp);
  return "colo" in connection ? addressOf(request.headers.get("cf-connecting-ip") ?? "") : null;
}

/** Without a port and without brackets; null if it is no address. */
function addressOf(text: string): string | null {
  const trimmed = text.trim();
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::\d+)?$/.exec(trimmed)?.[1];
  const address = bracketed ?? /^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/.exec(trimmed)?.[1] ?? trimmed;
  return /^[0-9A-Fa-f:.]{2,45}$/.test(address) ? address : null;
}

/** Whether the client speaks TLS. A trusted proxy says so in X-Forwarded-Proto. */
function isSecure(request: Request, address: ClientAddress): boolean {
  const forwarded = address.from === "header" ? request.headers.get("x-forwarded-proto") : null;
  return (forwarded ?? new URL(request.url).protocol.slice(0, -1)).toLowerCase() === "https";
}
