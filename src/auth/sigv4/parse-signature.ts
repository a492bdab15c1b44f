import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { parseAuthorizationHeader } from "./parse-authorization-header.ts";
import { parsePresignedQuery } from "./parse-presigned-query.ts";
import { parseHeaderV2, parseQueryV2 } from "./parse-signature-v2.ts";
import { parseUnchainedPayloadMode } from "./payload.ts";
import { parseQuery, type QueryParameter } from "./percent-encoding.ts";
import type { AnonymousRequest, RequestHead, SignedRequest, SignedV2Request } from "./request-head.ts";
import { type SigningRules, s3SigningRules } from "./signing-rules.ts";

type Mechanism = "header" | "header-v2" | "query" | "query-v2";

/**
 * Headers that need no signature of their own although they begin with `x-amz-`: x-amz-content-sha256 is the last line
 * of the canonical request in any case, and x-amz-cf-id is added by CloudFront on the way.
 */
const exemptFromSigning = new Set(["x-amz-content-sha256", "x-amz-cf-id"]);

/**
 * Finds out whether and how a request is signed, and reads all that verification needs, by the rules of the service that it is for.
 *
 * Follows "Authenticating Requests: Using the Authorization Header" and "… Using Query Parameters" of the S3 API
 * Reference, and "Signing and authenticating REST requests" for Signature Version 2. Judges form only: neither time nor
 * secret is looked at.
 */
export function parseSignature(
  head: RequestHead,
  rules: SigningRules = s3SigningRules,
): Checked<AnonymousRequest | SignedRequest | SignedV2Request> {
  const query = parseQuery(head.rawQuery);
  const authorization = head.headers.get("authorization")?.trim() ?? "";
  const [mechanism, another] = mechanismsOf(head, query);
  if (another !== undefined) return refused({ kind: "severalMechanisms" });
  if (mechanism === undefined) return rules.payload === "digest" ? unsignedRequest : parseAnonymous(head);
  if (mechanism.endsWith("-v2") && !rules.version2)
    return refused({ kind: "unknownAuthorizationScheme", scheme: "AWS" });
  switch (mechanism) {
    case "header":
      return allSigned(parseAuthorizationHeader(head, authorization, rules), head);
    case "query":
      return allSigned(parsePresignedQuery(head, query, rules), head);
    case "header-v2":
      return parseHeaderV2(head, authorization);
    case "query-v2":
      return parseQueryV2(head, query);
  }
}

const unsignedRequest: Checked<AnonymousRequest> = {
  ok: true,
  value: { kind: "anonymous", payload: { kind: "unsigned" } },
};

function parseAnonymous(head: RequestHead): Checked<AnonymousRequest> {
  const payload = parseUnchainedPayloadMode(head.headers.get("x-amz-content-sha256"));
  return payload.ok ? { ok: true, value: { kind: "anonymous", payload: payload.value } } : payload;
}

/** One parameter that has no other use is enough, so that a half-signed URL is an error and not anonymous. */
function mechanismsOf(head: RequestHead, query: readonly QueryParameter[]): Mechanism[] {
  const has = (...names: string[]) => query.some(({ name }) => names.includes(name));
  const found: Mechanism[] = [];
  const authorization = head.headers.get("authorization");
  if (authorization !== undefined) found.push(/^\s*AWS\s/.test(authorization) ? "header-v2" : "header");
  if (has("X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential")) found.push("query");
  if (has("AWSAccessKeyId", "Signature")) found.push("query-v2");
  return found;
}

function allSigned(signed: Checked<SignedRequest>, head: RequestHead): Checked<SignedRequest> {
  if (!signed.ok) return signed;
  const names = headersNotSigned(head, signed.value.signedHeaders);
  return names.length === 0 ? signed : refused({ kind: "headersNotSigned", names });
}

/** Host always, and every x-amz-* header and Content-MD5 that is there, must be covered, or a third party could add them. */
function headersNotSigned(head: RequestHead, signedHeaders: readonly string[]): readonly string[] {
  const signed = new Set(signedHeaders);
  const mustBeSigned = (name: string) =>
    name === "content-md5" || (name.startsWith("x-amz-") && !exemptFromSigning.has(name));
  const names = [...head.headers.keys()].filter((name) => mustBeSigned(name) && !signed.has(name));
  return signed.has("host") ? names : ["host", ...names];
}
