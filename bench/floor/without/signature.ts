// Replaces src/auth/sigv4/verify-signature.ts: every request that names a known key is accepted.
import type { Checked } from "../../../src/auth/sigv4/failures.ts";
import type { VerifiedSignature } from "../../../src/auth/sigv4/verify-signature.ts";

export * from "../../../src/auth/sigv4/verify-signature.ts";

export function verifySignature(): Checked<VerifiedSignature | null> {
  return { ok: true, value: null };
}
