import type { Checked } from "../../../../src/auth/sigv4/failures.ts";
import { parseSignature } from "../../../../src/auth/sigv4/parse-signature.ts";
import type { RequestHead, SignedRequest } from "../../../../src/auth/sigv4/request-head.ts";
import { SigningKeyCache } from "../../../../src/auth/sigv4/signing-keys.ts";
import { type VerifiedSignature, verifySignature } from "../../../../src/auth/sigv4/verify-signature.ts";
import { type SignedParts, type SignerInput, signRequest, splitUrl } from "../../../support/signer.ts";

/** AWS's documentation signs all its S3 examples with this key, at this time. */
export const example = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  nowMs: Date.UTC(2013, 4, 24),
};

/** What a server sees of a request that the hand signer has signed. */
export function headOf(parts: Pick<SignedParts, "method" | "url" | "headers">): RequestHead {
  const { path, query } = splitUrl(parts.url);
  return { method: parts.method, rawPath: path, rawQuery: query, headers: new Map(Object.entries(parts.headers)) };
}

/** Signs with the example key, the given changes made. */
export function signExample(changes: Partial<SignerInput>): SignedParts {
  return signRequest({ method: "GET", url: "https://examplebucket.s3.amazonaws.com/test.txt", ...example, ...changes });
}

/** Parses, then verifies with the example secret. */
export function authenticate(
  head: RequestHead,
  options: { secret?: string; nowMs?: number; keys?: SigningKeyCache } = {},
): Checked<{ signed: SignedRequest; verified: VerifiedSignature }> {
  const parsed = parseSignature(head);
  if (!parsed.ok) return parsed;
  if (parsed.value.kind !== "signed") throw new Error("the request is not signed with SigV4");
  const { secret, nowMs } = { ...example, ...options };
  const verified = verifySignature(parsed.value, head, { secret, nowMs, keys: options.keys ?? new SigningKeyCache() });
  return verified.ok ? { ok: true, value: { signed: parsed.value, verified: verified.value } } : verified;
}

/** The failure, or an error where there is none. */
export function refusal<T>(checked: Checked<T>) {
  if (checked.ok) throw new Error("was accepted");
  return checked.failure;
}

/** The value, or an error that names the failure. */
export function accepted<T>(checked: Checked<T>): T {
  if (!checked.ok) throw new Error(`was refused: ${JSON.stringify(checked.failure)}`);
  return checked.value;
}
