import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { parseAuthorizationHeader } from "./parse-authorization-header.ts";
import { parsePresignedQuery } from "./parse-presigned-query.ts";
import { parseAnonymousPayloadMode } from "./payload.ts";
import { parseQuery, type QueryParameter } from "./percent-encoding.ts";
import type { AnonymousRequest, RequestHead, SignedRequest } from "./request-head.ts";

/**
 * Headers that need no signature of their own although they begin with `x-amz-`: x-amz-content-sha256 is the last line
 * of the canonical request in any case, and x-amz-cf-id is added by CloudFront on the way.
 */
const exemptFromSigning = new Set(["x-amz-content-sha256", "x-amz-cf-id"]);

/**
 * Finds out whether and how a request is signed, and reads all that verification needs.
 *
 * Follows "Authenticating Requests: Using the Authorization Header" and "… Using Query Parameters" of the S3 API
 * Reference. Judges form only: neither time nor secret is looked at.
 */
export function parseSignature(head: RequestHead): Checked<AnonymousRequest | SignedRequest> {
  const query = parseQuery(head.rawQuery);
  const authorization = head.headers.get("authorization");
  const mechanism = queryMechanism(query);
  if (authorization !== undefined && mechanism !== "none") return refused({ kind: "severalMechanisms" });
  if (mechanism === "sigv2") return refused({ kind: "unsupportedMechanism", mechanism: "sigv2-query" });
  if (authorization === undefined && mechanism === "none") return parseAnonymous(head);

  const signed =
    authorization === undefined ? parsePresignedQuery(head, query) : parseAuthorizationHeader(head, authorization);
  if (!signed.ok) return signed;
  const names = headersNotSigned(head, signed.value.signedHeaders);
  return names.length === 0 ? signed : refused({ kind: "headersNotSigned", names });
}

function parseAnonymous(head: RequestHead): Checked<AnonymousRequest> {
  const payload = parseAnonymousPayloadMode(head.headers.get("x-amz-content-sha256"));
  return payload.ok ? { ok: true, value: { kind: "anonymous", payload: payload.value } } : payload;
}

/** One parameter that has no other use is enough, so that a half-signed URL is an error and not anonymous. */
function queryMechanism(query: readonly QueryParameter[]): "none" | "sigv4" | "sigv2" {
  const has = (name: string) => query.some((parameter) => parameter.name === name);
  if (has("X-Amz-Algorithm") || has("X-Amz-Signature") || has("X-Amz-Credential")) return "sigv4";
  return has("AWSAccessKeyId") && has("Signature") ? "sigv2" : "none";
}

/** Host always, and every x-amz-* header and Content-MD5 that is there, must be covered, or a third party could add them. */
function headersNotSigned(head: RequestHead, signedHeaders: readonly string[]): readonly string[] {
  const signed = new Set(signedHeaders);
  const mustBeSigned = (name: string) =>
    name === "content-md5" || (name.startsWith("x-amz-") && !exemptFromSigning.has(name));
  const names = [...head.headers.keys()].filter((name) => mustBeSigned(name) && !signed.has(name));
  return signed.has("host") ? names : ["host", ...names];
}
