import { checkSameDay, parseCredential, parseSignedHeaders } from "./credential.ts";
import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { presignedLifeMaxSeconds } from "./limits.ts";
import { parsePayloadMode, unsignedPayload } from "./payload.ts";
import { decodeCanonical, type QueryParameter } from "./percent-encoding.ts";
import type { RequestHead, SignedRequest } from "./request-head.ts";
import type { SigningRules } from "./signing-rules.ts";
import { parseBasicTime } from "./timestamp.ts";

const sha256OfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const required = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-Date",
  "X-Amz-SignedHeaders",
  "X-Amz-Expires",
] as const;
const optional = ["X-Amz-Security-Token", "X-Amz-Content-Sha256"] as const;
type Parameters = Record<(typeof required)[number], string> & Partial<Record<(typeof optional)[number], string>>;

/** Reads a request that is signed by its query parameters. */
export function parsePresignedQuery(
  head: RequestHead,
  query: readonly QueryParameter[],
  rules: SigningRules,
): Checked<SignedRequest> {
  const found = collectParameters(query);
  if (!found.ok) return found;
  const parameters = found.value;
  const algorithm = checkAlgorithm(parameters["X-Amz-Algorithm"]);
  if (!algorithm.ok) return algorithm;
  const credential = parseCredential(parameters["X-Amz-Credential"], "query", rules.scopes);
  if (!credential.ok) return credential;
  const signedHeaders = parseSignedHeaders(parameters["X-Amz-SignedHeaders"], "query");
  if (!signedHeaders.ok) return signedHeaders;
  const timestampText = parameters["X-Amz-Date"];
  const timestampMs = parseBasicTime(timestampText);
  if (timestampMs === null) return refused({ kind: "malformedPresignDate" });
  const sameDay = checkSameDay(credential.value.scope, timestampMs, "query");
  if (!sameDay.ok) return sameDay;
  const expiresSeconds = parseExpires(parameters["X-Amz-Expires"]);
  if (!expiresSeconds.ok) return expiresSeconds;
  // A header binds the body that comes now; the parameter is what some signers put into the URL instead.
  const inHead = head.headers.get("x-amz-content-sha256") ?? parameters["X-Amz-Content-Sha256"] ?? unsignedPayload;
  const payloadText = rules.payload === "digest" ? (head.bodySha256Hex ?? sha256OfNothing) : inHead;
  const payload = parsePayloadMode(payloadText);
  if (!payload.ok) return payload;
  const sessionToken = parameters["X-Amz-Security-Token"];
  return {
    ok: true,
    value: {
      kind: "signed",
      via: "query",
      ...credential.value,
      signedHeaders: signedHeaders.value,
      signature: parameters["X-Amz-Signature"],
      timestampMs,
      timestampText,
      expiresSeconds: expiresSeconds.value,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      payload: payload.value,
      payloadText,
    },
  };
}

function collectParameters(query: readonly QueryParameter[]): Checked<Parameters> {
  const found = collectOnce(query, [...required, ...optional]);
  if (!found.ok) return found;
  const names = required.filter((name) => found.value[name] === undefined);
  if (names.length > 0) return refused({ kind: "missingPresignParameters", names });
  return { ok: true, value: found.value as Parameters };
}

/**
 * The decoded values of those of `names` that are there and not empty. A parameter given twice is refused: which of the
 * two is meant would be a guess.
 */
export function collectOnce<Name extends string>(
  query: readonly QueryParameter[],
  names: readonly Name[],
): Checked<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const [first, second] = query.filter((parameter) => parameter.name === name);
    if (second !== undefined) return refused({ kind: "repeatedPresignParameter", name });
    const value = first === undefined ? null : decodeCanonical(first.value);
    if (value !== null && value !== "") found[name] = value;
  }
  return { ok: true, value: found };
}

function checkAlgorithm(algorithm: string): Checked<null> {
  if (algorithm === "AWS4-HMAC-SHA256") return { ok: true, value: null };
  if (algorithm === "AWS4-ECDSA-P256-SHA256") {
    return refused({ kind: "unsupportedMechanism", mechanism: "sigv4a-query" });
  }
  return refused({ kind: "unknownPresignAlgorithm", algorithm });
}

/** Zero is read, and is then always expired, as at AWS. */
function parseExpires(text: string): Checked<number> {
  if (!/^-?\d{1,18}$/.test(text)) return refused({ kind: "malformedPresignExpires", problem: "notANumber" });
  const seconds = Number(text);
  if (seconds < 0) return refused({ kind: "malformedPresignExpires", problem: "negative" });
  if (seconds > presignedLifeMaxSeconds) return refused({ kind: "malformedPresignExpires", problem: "tooLarge" });
  return { ok: true, value: seconds };
}
