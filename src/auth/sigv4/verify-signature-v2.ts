import { createHmac } from "node:crypto";
import { checkSkew } from "./clock-skew.ts";
import { equalInConstantTime } from "./constant-time.ts";
import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import type { RequestHead, SignedV2Request } from "./request-head.ts";
import { stringsToSignV2 } from "./string-to-sign-v2.ts";

/**
 * Checks the time and the signature of a request signed with Version 2: HMAC-SHA1 in Base64 over a string that names
 * method, resource and x-amz-* headers, but neither the host nor the body.
 */
export function verifySignatureV2(
  signed: SignedV2Request,
  head: RequestHead,
  { secret, nowMs }: { secret: string; nowMs: number },
): Checked<null> {
  const inTime = signed.via === "header" ? checkSkew(signed, nowMs) : checkExpiry(signed.expiresAtMs, nowMs);
  if (!inTime.ok) return inTime;
  let first: string | undefined;
  for (const stringToSign of stringsToSignV2(signed, head)) {
    const signature = createHmac("sha1", secret).update(stringToSign).digest("base64");
    if (equalInConstantTime(signature, signed.signature)) return { ok: true, value: null };
    first ??= stringToSign;
  }
  return refused({
    kind: "signatureDoesNotMatch",
    subject: { part: "head" },
    accessKeyId: signed.accessKeyId,
    signatureProvided: signed.signature,
    stringToSign: first ?? "",
  });
}

/** A URL may have been made at any time, and for any time: only its end is written in it. */
function checkExpiry(expiresAtMs: number, nowMs: number): Checked<null> {
  if (nowMs <= expiresAtMs) return { ok: true, value: null };
  return refused({ kind: "presignedExpired", expiredAtMs: expiresAtMs, serverTimeMs: nowMs });
}
