import type { KeyRing } from "../../../auth/keys/ring.ts";
import type { Principal } from "../../../auth/principal.ts";
import { parseSignature } from "../../../auth/sigv4/parse-signature.ts";
import type { PayloadMode } from "../../../auth/sigv4/payload.ts";
import {
  parsePolicySignature,
  spendPolicyVerification,
  verifyPolicySignature,
} from "../../../auth/sigv4/policy-signature.ts";
import type { RequestHead } from "../../../auth/sigv4/request-head.ts";
import type { SigningKeyCache } from "../../../auth/sigv4/signing-keys.ts";
import { spendVerification, type VerifiedSignature, verifySignature } from "../../../auth/sigv4/verify-signature.ts";
import { S3Error } from "../errors/error.ts";
import { signatureError } from "./signature-error.ts";

export interface Authenticated {
  readonly principal: Principal;
  readonly mode: PayloadMode;
  /** Null where the request is anonymous, or signed with Signature Version 2: nothing can be chained to it. */
  readonly verified: VerifiedSignature | null;
}

export interface Credentials {
  /** Null where the server has no root key yet. */
  readonly keys: KeyRing | null;
  readonly signingKeys: SigningKeyCache;
  readonly nowMs: number;
}

/**
 * Who makes a request: the owner of the key that signed it, or anonymous. Says nothing of the body yet. An unknown key id
 * is answered after as much work as a wrong signature.
 */
export function authenticate(head: RequestHead, { keys, signingKeys, nowMs }: Credentials): Authenticated {
  if (keys === null) throw withoutKeys();
  const parsed = parseSignature(head);
  if (!parsed.ok) throw signatureError(parsed.failure);
  const signed = parsed.value;
  if (signed.kind === "anonymous") return { principal: { kind: "anonymous" }, mode: signed.payload, verified: null };

  const key = keys.find(signed.accessKeyId);
  if (key === undefined) {
    const spent = spendVerification(signed, head, nowMs);
    if (!spent.ok) throw signatureError(spent.failure);
    throw new S3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: signed.accessKeyId });
  }
  const verified = verifySignature(signed, head, { secret: key.secret, nowMs, keys: signingKeys });
  if (!verified.ok) throw signatureError(verified.failure);
  refuseToken(signed.sessionToken);
  return { principal: key.principal, mode: signed.payload, verified: verified.value };
}

/** Who sends a form, and the policy (Base64) that it is bound by; null where it is anonymous. */
export interface AuthenticatedForm {
  readonly principal: Principal;
  readonly policy: string | null;
}

/** The same for a form, which is signed by its own fields (by their names in lower case). */
export function authenticateForm(
  fields: ReadonlyMap<string, string>,
  { keys, signingKeys }: Pick<Credentials, "keys" | "signingKeys">,
): AuthenticatedForm {
  if (keys === null) throw withoutKeys();
  const parsed = parsePolicySignature(fields);
  if (!parsed.ok) throw signatureError(parsed.failure);
  const signed = parsed.value;
  if (signed === null) return { principal: { kind: "anonymous" }, policy: null };

  const key = keys.find(signed.accessKeyId);
  if (key === undefined) {
    spendPolicyVerification(signed);
    throw new S3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: signed.accessKeyId });
  }
  const verified = verifyPolicySignature(signed, { secret: key.secret, keys: signingKeys });
  if (!verified.ok) throw signatureError(verified.failure);
  refuseToken(signed.sessionToken);
  return { principal: key.principal, policy: signed.policy };
}

/** Temporary credentials come with a token; nobody hands any out, so none is valid. */
function refuseToken(token: string | undefined): void {
  if (token !== undefined) throw new S3Error("InvalidToken", undefined, { "Token-0": token });
}

function withoutKeys(): S3Error {
  return new S3Error(
    "ServiceUnavailable",
    "This server has no root key: set the secrets SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY.",
  );
}
