import type { Checked, CredentialProblem } from "./failures.ts";
import { refused } from "./failures.ts";
import type { CredentialScope } from "./request-head.ts";
import { s3SigningRules } from "./signing-rules.ts";
import { formatBasicTime, isDay } from "./timestamp.ts";

export interface Credential {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
}

const regionName = /^[^:*?\s]{1,64}$/;
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Reads `<key id>/<YYYYMMDD>/<region>/<service>/aws4_request`; the service must be one of `scopes`. Any region is taken: one
 * endpoint is every region, and the signature is checked with the region that the scope names. But it becomes part of ARNs, which policies
 * are compared with: what separates their parts or is a wildcard in them is refused.
 */
export function parseCredential(
  text: string,
  via: "header" | "query",
  scopes: readonly string[] = s3SigningRules.scopes,
): Checked<Credential> {
  const wrong = (detail: CredentialProblem) => refused({ kind: "malformedCredential", via, detail });
  const parts = text.split("/");
  if (parts.length !== 5) return wrong({ problem: "shape" });
  const [accessKeyId, date, region, service, terminal] = parts as [string, string, string, string, string];
  if (accessKeyId === "" || !regionName.test(region)) return wrong({ problem: "shape" });
  if (!isDay(date)) return wrong({ problem: "date", found: date });
  if (!scopes.includes(service)) return wrong({ problem: "service", found: service });
  if (terminal !== "aws4_request") return wrong({ problem: "terminal", found: terminal });
  return { ok: true, value: { accessKeyId, scope: { date, region, service } } };
}

/** A signing key holds for one day: the credential must name the day of the request's time. */
export function checkSameDay(scope: CredentialScope, timestampMs: number, via: "header" | "query"): Checked<null> {
  const requestDate = formatBasicTime(timestampMs).slice(0, 8);
  if (requestDate === scope.date) return { ok: true, value: null };
  const detail: CredentialProblem = { problem: "otherDay", credentialDate: scope.date, requestDate };
  return refused({ kind: "malformedCredential", via, detail });
}

/**
 * Reads `host;x-amz-date;…`. Names are checked because they become lines of the canonical request, and a repeated
 * name is refused because it would multiply a long header value without bound.
 */
export function parseSignedHeaders(text: string, via: "header" | "query"): Checked<readonly string[]> {
  const names = text.split(";");
  const good = names.every((name) => headerName.test(name)) && new Set(names).size === names.length;
  return good ? { ok: true, value: names } : refused({ kind: "malformedSignedHeaders", via });
}
