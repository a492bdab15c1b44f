import type { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller, RequestFacts } from "./access.ts";
import { AuthenticationError, type AuthenticationFailure } from "./authentication-error.ts";
import { anonymousCaller } from "./caller.ts";
import type { FoundKey, KeyRing } from "./keys/key-ring.ts";
import type { Checked } from "./sigv4/failures.ts";
import { parseSignature } from "./sigv4/parse-signature.ts";
import type { PayloadMode } from "./sigv4/payload.ts";
import { parsePolicySignature, spendPolicyVerification, verifyPolicySignature } from "./sigv4/policy-signature.ts";
import type { RequestHead } from "./sigv4/request-head.ts";
import { SigningKeyCache } from "./sigv4/signing-keys.ts";
import type { SigningRules } from "./sigv4/signing-rules.ts";
import { spendVerification, type VerifiedSignature, verifySignature } from "./sigv4/verify-signature.ts";

/** What the signature over a head proves. */
export interface Authenticated {
  readonly caller: Caller;
  readonly mode: PayloadMode;
  /** Null if the request is anonymous, or signed with Signature Version 2: nothing can be chained to it. */
  readonly verified: VerifiedSignature | null;
  /** Of the credential scope; null without Signature Version 4. */
  readonly region: string | null;
}

/** Who sends a form, and the policy (base64) that it is bound by; null if it is anonymous. */
export interface AuthenticatedForm {
  readonly caller: Caller;
  readonly policy: string | null;
}

/** Finds out who makes a request. Says nothing of its body. */
export class Authenticator {
  readonly #ring: KeyRing | null;
  readonly #signingKeys = new SigningKeyCache();

  /** Null: the server has no root key yet, and answers nobody. */
  constructor(ring: KeyRing | null) {
    this.#ring = ring;
  }

  /**
   * The owner of the key that signed the request, or anonymous. An unknown key id is answered after as much work as a wrong
   * signature. Throws `AuthenticationError`.
   */
  async head(head: RequestHead, rules: SigningRules, facts: RequestFacts): Promise<Authenticated> {
    const ring = this.#requireRing();
    const signed = accepted(parseSignature(head, rules));
    if (signed.kind === "anonymous") {
      return { caller: anonymousCaller(facts), mode: signed.payload, verified: null, region: null };
    }
    const options = { nowMs: facts.now(), pathEncoding: rules.pathEncoding };
    const key = await ring.find(signed.accessKeyId, signed.sessionToken);
    if (key.kind !== "key") {
      accepted(spendVerification(signed, head, options));
      throw new AuthenticationError(failureOf(key.kind, signed));
    }
    const verified = accepted(
      verifySignature(signed, head, { ...options, secret: key.secret, keys: this.#signingKeys }),
    );
    requireLive(key, signed, options.nowMs);
    const region = signed.kind === "signed" ? signed.scope.region : null;
    return { caller: key.caller(facts), mode: signed.payload, verified, region };
  }

  /** The same for a form, which is signed by its own fields (by their names in lower case). */
  async form(fields: ReadonlyMap<string, string>, facts: RequestFacts): Promise<AuthenticatedForm> {
    const ring = this.#requireRing();
    const signed = accepted(parsePolicySignature(fields));
    if (signed === null) return { caller: anonymousCaller(facts), policy: null };
    const key = await ring.find(signed.accessKeyId, signed.sessionToken);
    if (key.kind !== "key") {
      spendPolicyVerification(signed);
      throw new AuthenticationError(failureOf(key.kind, signed));
    }
    accepted(verifyPolicySignature(signed, { secret: key.secret, keys: this.#signingKeys }));
    requireLive(key, signed, facts.now());
    return { caller: key.caller(facts), policy: signed.policy };
  }

  /**
   * The owner of a key that is given with its secret, as by HTTP Basic authentication. Temporary credentials cannot be given so.
   * Takes as long for an unknown key. Throws `AuthenticationError`.
   */
  async password(accessKeyId: string, secret: string, facts: RequestFacts): Promise<Caller> {
    const key = await this.#requireRing().find(accessKeyId, undefined);
    const known = key.kind === "key" ? key.secret : "";
    const equal = timingSafeEqual(digest(secret), digest(known));
    if (key.kind !== "key" || !equal || known === "")
      throw new AuthenticationError({ kind: "unknownKey", accessKeyId });
    return key.caller(facts);
  }

  #requireRing(): KeyRing {
    if (this.#ring === null) throw new AuthenticationError({ kind: "noRootKey" });
    return this.#ring;
  }
}

interface Claim {
  readonly accessKeyId: string;
  readonly sessionToken?: string;
}

function failureOf(
  kind: "unknown" | "closed-account" | "bad-token",
  { accessKeyId, sessionToken = "" }: Claim,
): AuthenticationFailure {
  switch (kind) {
    case "unknown":
      return { kind: "unknownKey", accessKeyId };
    case "closed-account":
      return { kind: "closedAccount", accessKeyId };
    case "bad-token":
      return { kind: "invalidToken", token: sessionToken };
  }
}

/** Temporary credentials hold up to the second that their token names, and no longer. */
function requireLive(key: FoundKey, { sessionToken = "" }: Claim, nowMs: number): void {
  if (key.expiresMs === null || nowMs < key.expiresMs) return;
  throw new AuthenticationError({ kind: "expiredToken", token: sessionToken });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function accepted<T>(checked: Checked<T>): T {
  if (!checked.ok) throw new AuthenticationError(checked.failure);
  return checked.value;
}
