import { createHash, createHmac } from "node:crypto";
import { type CanonicalRequest, canonicalRequests, type SignedForm } from "./canonical-request.ts";
import { checkSkew } from "./clock-skew.ts";
import { equalInConstantTime } from "./constant-time.ts";
import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { skewMaxMs } from "./limits.ts";
import type { RequestHead, SignedRequest, SignedV2Request } from "./request-head.ts";
import { deriveSigningKey, type SigningKeyCache, scopeText } from "./signing-keys.ts";
import type { SigningRules } from "./signing-rules.ts";
import { formatBasicTime } from "./timestamp.ts";
import { verifySignatureV2 } from "./verify-signature-v2.ts";

/** Stands in for the secret of a key that does not exist. What it signs is refused all the same. */
export const nobodysSecret = "a secret that no key has, as long as one";

interface Verification {
  readonly secret: string;
  readonly nowMs: number;
  readonly keys: SigningKeyCache;
  /** S3's if left out. */
  readonly pathEncoding?: SigningRules["pathEncoding"];
}

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
  /** How the client has read what it signed. */
  readonly form: SignedForm;
}

/**
 * Checks the time and the signature of a request against the secret of its key. To a signature of Version 2 nothing can be
 * chained: null.
 *
 * An unknown key id is for the caller to answer, after `spendVerification`. Nothing here says anything of the body.
 */
export function verifySignature(
  signed: SignedRequest,
  head: RequestHead,
  options: Verification,
): Checked<VerifiedSignature>;
export function verifySignature(
  signed: SignedRequest | SignedV2Request,
  head: RequestHead,
  options: Verification,
): Checked<VerifiedSignature | null>;
export function verifySignature(
  signed: SignedRequest | SignedV2Request,
  head: RequestHead,
  options: Verification,
): Checked<VerifiedSignature | null> {
  if (signed.kind === "signed-v2") return verifySignatureV2(signed, head, options);
  const { secret, nowMs, keys, pathEncoding } = options;
  const inTime = checkTime(signed, nowMs);
  if (!inTime.ok) return inTime;

  const cached = keys.find(secret, signed.scope);
  const signingKey = cached ?? deriveSigningKey(secret, signed.scope);
  const timestamp = formatBasicTime(signed.timestampMs);
  const scope = scopeText(signed.scope);
  const attempt = tryForms(signed, canonicalRequests(signed, head, pathEncoding), signingKey);
  if (attempt.matches) {
    keys.remember(secret, signed.scope, signingKey);
    const { signature, accessKeyId } = signed;
    const { form } = attempt;
    return { ok: true, value: { signingKey, seedSignature: signature, timestamp, scope, accessKeyId, form } };
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
 * tell which ids exist. Returns the failure of the time if there is one: AWS answers that first too.
 */
export function spendVerification(
  signed: SignedRequest | SignedV2Request,
  head: RequestHead,
  options: Pick<Verification, "nowMs" | "pathEncoding">,
): Checked<null> {
  const { nowMs, pathEncoding } = options;
  const done = { ok: true, value: null } as const;
  if (signed.kind === "signed-v2") {
    const outcome = verifySignatureV2(signed, head, { secret: nobodysSecret, nowMs });
    return outcome.ok || outcome.failure.kind === "signatureDoesNotMatch" ? done : outcome;
  }
  const inTime = checkTime(signed, nowMs);
  if (!inTime.ok) return inTime;
  tryForms(signed, canonicalRequests(signed, head, pathEncoding), deriveSigningKey(nobodysSecret, signed.scope));
  return done;
}

/** HMAC-SHA256 of a string to sign, in lower-case hexadecimal. */
export function signText(signingKey: Uint8Array, stringToSign: string): string {
  return createHmac("sha256", signingKey).update(stringToSign).digest("hex");
}

type Attempt = { matches: true; form: SignedForm } | { matches: false; canonicalRequest: string; stringToSign: string };

/** Tries the forms of the request until one matches; where none does, reports the first: the request as it arrived. */
function tryForms(signed: SignedRequest, forms: Iterable<CanonicalRequest>, signingKey: Uint8Array): Attempt {
  const prefix = `AWS4-HMAC-SHA256\n${formatBasicTime(signed.timestampMs)}\n${scopeText(signed.scope)}\n`;
  let first: Attempt | undefined;
  for (const { text: canonicalRequest, ...form } of forms) {
    const stringToSign = prefix + createHash("sha256").update(canonicalRequest).digest("hex");
    if (equalInConstantTime(signText(signingKey, stringToSign), signed.signature)) return { matches: true, form };
    first ??= { matches: false, canonicalRequest, stringToSign };
  }
  return first ?? { matches: false, canonicalRequest: "", stringToSign: "" };
}

function checkTime(signed: SignedRequest, nowMs: number): Checked<null> {
  const { timestampMs, expiresSeconds } = signed;
  if (expiresSeconds === undefined) return checkSkew(signed, nowMs);
  const expiresAtMs = timestampMs + expiresSeconds * 1000;
  if (timestampMs - nowMs > skewMaxMs) {
    return refused({ kind: "presignedNotYetValid", requestTimeMs: timestampMs, expiresAtMs, serverTimeMs: nowMs });
  }
  if (nowMs < expiresAtMs) return { ok: true, value: null };
  return refused({ kind: "presignedExpired", expiresSeconds, expiredAtMs: expiresAtMs, serverTimeMs: nowMs });
}
