import { checkSameDay, parseCredential, parseSignedHeaders } from "./credential.ts";
import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { parsePayloadMode } from "./payload.ts";
import type { RequestHead, SignedRequest } from "./request-head.ts";
import type { SigningRules } from "./signing-rules.ts";
import { parseBasicTime, parseHttpTime } from "./timestamp.ts";

type Component = "Credential" | "SignedHeaders" | "Signature";
const components: readonly Component[] = ["Credential", "SignedHeaders", "Signature"];

/** Reads a request whose Authorization header is `authorization`, its ends trimmed. */
export function parseAuthorizationHeader(
  head: RequestHead,
  authorization: string,
  rules: SigningRules,
): Checked<SignedRequest> {
  const found = parseComponents(authorization);
  if (!found.ok) return found;
  const credential = parseCredential(found.value.Credential, "header", rules.scopes);
  if (!credential.ok) return credential;
  const signedHeaders = parseSignedHeaders(found.value.SignedHeaders, "header");
  if (!signedHeaders.ok) return signedHeaders;
  const time = parseRequestTime(head);
  if (!time.ok) return time;
  const sameDay = checkSameDay(credential.value.scope, time.value.timestampMs, "header");
  if (!sameDay.ok) return sameDay;
  const payloadText = rules.payload === "digest" ? head.bodySha256Hex : head.headers.get("x-amz-content-sha256");
  if (payloadText === undefined) return refused({ kind: "missingContentSha256" });
  const payload = parsePayloadMode(payloadText);
  if (!payload.ok) return payload;
  const sessionToken = head.headers.get("x-amz-security-token");
  return {
    ok: true,
    value: {
      kind: "signed",
      via: "header",
      ...credential.value,
      signedHeaders: signedHeaders.value,
      signature: found.value.Signature,
      ...time.value,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      payload: payload.value,
      payloadText,
    },
  };
}

/** Splits `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`; clients differ in order and in white space. */
function parseComponents(authorization: string): Checked<Record<Component, string>> {
  const space = authorization.search(/[ \t]/);
  if (space < 0) return refused({ kind: "authorizationWithoutScheme" });
  const scheme = authorization.slice(0, space);
  if (scheme === "AWS4-ECDSA-P256-SHA256") {
    return refused({ kind: "unsupportedMechanism", mechanism: "sigv4a-header" });
  }
  if (scheme !== "AWS4-HMAC-SHA256") return refused({ kind: "unknownAuthorizationScheme", scheme });

  const found: Partial<Record<Component, string>> = {};
  for (const piece of authorization.slice(space).split(",")) {
    const text = piece.trim();
    if (text === "") continue;
    const equals = text.indexOf("=");
    const name = components.find((component) => component === text.slice(0, Math.max(equals, 0)));
    if (name === undefined || found[name] !== undefined) {
      return refused({ kind: "malformedAuthorizationComponent", component: text.slice(0, 200) });
    }
    found[name] = text.slice(equals + 1).trim();
  }
  const missing = components.find((component) => (found[component] ?? "") === "");
  if (missing !== undefined) return refused({ kind: "missingAuthorizationComponent", component: missing });
  return { ok: true, value: found as Record<Component, string> };
}

/** x-amz-date if it is there, otherwise Date, which may be an HTTP date. */
function parseRequestTime(head: RequestHead): Checked<{ timestampMs: number; timestampText: string }> {
  const amzDate = head.headers.get("x-amz-date");
  const timestampText = amzDate ?? head.headers.get("date") ?? "";
  const timestampMs = parseBasicTime(timestampText) ?? (amzDate === undefined ? parseHttpTime(timestampText) : null);
  if (timestampMs === null) return refused({ kind: "missingDate" });
  return { ok: true, value: { timestampMs, timestampText } };
}
