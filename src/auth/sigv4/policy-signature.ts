import { createHmac } from "node:crypto";
import { equalInConstantTime } from "./constant-time.ts";
import { type Credential, parseCredential } from "./credential.ts";
import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import type { CredentialScope } from "./request-head.ts";
import { deriveSigningKey, SigningKeyCache } from "./signing-keys.ts";
import { parseBasicTime } from "./timestamp.ts";
import { nobodysSecret, signText } from "./verify-signature.ts";

/** A form that claims to be signed: by Version 4, or by Version 2, which has no scope. Nothing of it is proven yet. */
export interface SignedPolicy {
  readonly accessKeyId: string;
  /** Null: Version 2. */
  readonly scope: CredentialScope | null;
  /** As sent; of any length and content. */
  readonly signature: string;
  /** The field as sent: the string that was signed. */
  readonly policy: string;
  /** Of temporary credentials. Whether it is valid is for the caller to judge. */
  readonly sessionToken?: string;
}

const v4Fields = ["policy", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"] as const;
const v2Fields = ["policy", "AWSAccessKeyId", "Signature"] as const;

/**
 * Reads the fields by which a form is signed, by their names in lower case: all of one version, or none (null: whoever sends
 * it is anonymous). Fields of both are read as Version 4.
 *
 * Follows "Authenticating Requests: Browser-Based Uploads Using POST (AWS Signature Version 4)" and the User Guide's
 * "Browser-based uploads using POST (AWS signature version 2)".
 */
export function parsePolicySignature(fields: ReadonlyMap<string, string>): Checked<SignedPolicy | null> {
  const claims = (names: readonly string[]) =>
    names.some((name) => name !== "policy" && fields.has(name.toLowerCase()));
  if (claims(v4Fields)) return parseV4(fields);
  if (claims(v2Fields)) return parseV2(fields);
  return { ok: true, value: null };
}

function parseV4(fields: ReadonlyMap<string, string>): Checked<SignedPolicy> {
  const found = collect(fields, v4Fields);
  if (!found.ok) return found;
  const [policy, algorithm, credentialText, date, signature] = found.value as [string, string, string, string, string];
  if (algorithm !== "AWS4-HMAC-SHA256") return refused({ kind: "unknownFormAlgorithm", algorithm });
  const credential = parseFormCredential(credentialText);
  if (!credential.ok) return credential;
  if (parseBasicTime(date) === null) return refused({ kind: "malformedFormDate", value: date });
  return { ok: true, value: { ...credential.value, policy, signature, ...sessionToken(fields) } };
}

function parseFormCredential(value: string): Checked<Credential> {
  const parsed = parseCredential(value, "query");
  if (parsed.ok || parsed.failure.kind !== "malformedCredential") return parsed;
  return refused({ kind: "malformedFormCredential", value, detail: parsed.failure.detail });
}

function parseV2(fields: ReadonlyMap<string, string>): Checked<SignedPolicy> {
  const found = collect(fields, v2Fields);
  if (!found.ok) return found;
  const [policy, accessKeyId, signature] = found.value as [string, string, string];
  return { ok: true, value: { accessKeyId, scope: null, policy, signature, ...sessionToken(fields) } };
}

function collect(fields: ReadonlyMap<string, string>, names: readonly string[]): Checked<readonly string[]> {
  const values: string[] = [];
  for (const name of names) {
    const value = fields.get(name.toLowerCase());
    if (value === undefined || value === "") return refused({ kind: "missingFormField", name });
    values.push(value);
  }
  return { ok: true, value: values };
}

function sessionToken(fields: ReadonlyMap<string, string>): { sessionToken?: string } {
  const token = fields.get("x-amz-security-token");
  return token === undefined ? {} : { sessionToken: token };
}

/**
 * Checks the signature of a policy against the secret of its key. When the policy expires stands in the policy itself. An
 * unknown key id is for the caller to answer, after `spendPolicyVerification`.
 */
export function verifyPolicySignature(
  signed: SignedPolicy,
  { secret, keys }: { secret: string; keys: SigningKeyCache },
): Checked<null> {
  const { policy, signature, scope, accessKeyId } = signed;
  const cached = scope === null ? undefined : keys.find(secret, scope);
  const signingKey = scope === null ? null : (cached ?? deriveSigningKey(secret, scope));
  const expected =
    signingKey === null ? createHmac("sha1", secret).update(policy).digest("base64") : signText(signingKey, policy);
  if (equalInConstantTime(expected, signature)) {
    if (scope !== null && signingKey !== null) keys.remember(secret, scope, signingKey);
    return { ok: true, value: null };
  }
  // As long with a cached key as without, or the time would tell which keys are in use.
  if (cached !== undefined && scope !== null) deriveSigningKey(secret, scope);
  return refused({
    kind: "signatureDoesNotMatch",
    subject: { part: "policy" },
    accessKeyId,
    signatureProvided: signature,
    stringToSign: policy,
  });
}

/** Does what refusing a wrong signature does, for a key id that nobody has, so that the time does not tell. */
export function spendPolicyVerification(signed: SignedPolicy): void {
  verifyPolicySignature(signed, { secret: nobodysSecret, keys: new SigningKeyCache() });
}
