import { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { canonicalRequests } from "./canonical-request.ts";
import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { skewMaxMs } from "./limits.ts";
import type { RequestHead, SignedRequest } from "./request-head.ts";
import { deriveSigningKey, type SigningKeyCache, scopeText } from "./signing-keys.ts";
import { formatBasicTime } from "./timestamp.ts";

/** What the chunks of a streamed body are chained to. */
export interface VerifiedSignature {
  /** 32 bytes. As good as the secret for one day: never logged. */
  readonly signingKey: Uint8Array;
  /** The request's own signature, 64 hexadecimal digits. */
  readonly seedSignature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly timestamp: string;
  /** `date/region/service/aws4_request` */
  readonly scope: string;
  readonly accessKeyId: string;
}

/**
 * Checks the time and the signature of a request against the secret of its key.
 *
 * An unknown key id is for the caller to answer, after `spendVerification`. Nothing here says anything of the body.
 */
export function verifySignature(
  signed: SignedRequest,
  head: RequestHead,
  options: { secret: string; nowMs: number; keys: SigningKeyCache },
): Checked<VerifiedSignature> {
  const { secret, nowMs, keys } = options;
  const inTime = checkTime(signed, nowMs);
  if (!inTime.ok) return inTime;

  const cached = keys.find(secret, signed.scope);
  const signingKey = cached ?? deriveSigningKey(secret, signed.scope);
  const timestamp = formatBasicTime(signed.timestampMs);
  const scope = scopeText(signed.scope);
  const attempt = tryForms(signed, head, signingKey);
  if (attempt.matches) {
    keys.remember(secret, signed.scope, signingKey);
    const { signature, accessKeyId } = signed;
    return { ok: true, value: { signingKey, seedSignature: signature, timestamp, scope, accessKeyId } };
  }
  // A refusal takes as long with a cached key as without, or its time would tell which keys are in use.
  if (cached !== undefined) deriveSigningKey(secret, signed.scope);
  return refused({
    kind: "signatureDoesNotMatch",
    subject: { part: "head" },
    accessKeyId: signed.accessKeyId,
    signatureProvided: signed.signature,
    stringToSign: attempt.stringToSign,
    canonicalRequest: attempt.canonicalRequest,
  });
}

/**
 * Does what refusing a wrong signature does, for a key id that nobody has, so that the time of the answer does not
 * tell which ids exist. Returns the failure of the time where there is one: AWS answers that first too.
 */
export function spendVerification(signed: SignedRequest, head: RequestHead, nowMs: number): Checked<null> {
  const inTime = checkTime(signed, nowMs);
  if (!inTime.ok) return inTime;
  tryForms(signed, head, deriveSigningKey("a secret that no key has, as long as one", signed.scope));
  return { ok: true, value: null };
}

/** Compares texts in a time that depends on their lengths alone. */
export function equalInConstantTime(a: string, b: string): boolean {
  const bytesA = Buffer.from(a, "utf8");
  const bytesB = Buffer.from(b, "utf8");
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}

/** HMAC-SHA256 of a string to sign, in lower-case hexadecimal. */
export function signText(signingKey: Uint8Array, stringToSign: string): string {
  return createHmac("sha256", signingKey).update(stringToSign).digest("hex");
}

type Attempt = { matches: true } | { matches: false; canonicalRequest: string; stringToSign: string };

/** Tries the forms of the request until one matches; where none does, reports the first: the request as it arrived. */
function tryForms(signed: SignedRequest, head: RequestHead, signingKey: Uint8Array): Attempt {
  const prefix = `AWS4-HMAC-SHA256\n${formatBasicTime(signed.timestampMs)}\n${scopeText(signed.scope)}\n`;
  let first: Attempt | undefined;
  for (const canonicalRequest of canonicalRequests(signed, head)) {
    const stringToSign = prefix + createHash("sha256").update(canonicalRequest).digest("hex");
    if (equalInConstantTime(signText(signingKey, stringToSign), signed.signature)) return { matches: true };
    first ??= { matches: false, canonicalRequest, stringToSign };
  }
  return first ?? { matches: false, canonicalRequest: "", stringToSign: "" };
}

function checkTime(signed: SignedRequest, nowMs: number): Checked<null> {
  const { timestampMs } = signed;
  if (signed.expiresSeconds === undefined) {
    if (Math.abs(nowMs - timestampMs) <= skewMaxMs) return { ok: true, value: null };
    const requestTime = signed.timestampText;
    return refused({ kind: "requestTimeTooSkewed", requestTime, serverTimeMs: nowMs, skewMaxMs });
  }
  const { expiresSeconds } = signed;
  const expiresAtMs = timestampMs + expiresSeconds * 1000;
  if (timestampMs - nowMs > skewMaxMs) {
    return refused({ kind: "presignedNotYetValid", requestTimeMs: timestampMs, expiresAtMs, serverTimeMs: nowMs });
  }
  if (nowMs < expiresAtMs) return { ok: true, value: null };
  return refused({ kind: "presignedExpired", expiresSeconds, expiredAtMs: expiresAtMs, serverTimeMs: nowMs });
}
