import type { RandomBytes } from "../../base/random.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import type { Session } from "../access.ts";
import { newKeyId, newSecret } from "./key-id.ts";

/** Whose session it is: what the token says, and what its policies are read by. */
export type SessionOwner =
  /** GetSessionToken, by an account's root key. */
  | { readonly kind: "root" }
  /** GetSessionToken, by a user. */
  | { readonly kind: "user" /** `AIDA…` */; readonly id: string }
  | {
      readonly kind: "role";
      /** `AROA…` */
      readonly id: string;
      readonly sessionName: string;
      /** AssumeRoleWithWebIdentity: as `aws:FederatedProvider` has it. */
      readonly federatedProvider?: string | undefined;
    }
  /** GetFederationToken. `issuerId`: `AIDA…`, or null if the root key called it. */
  | { readonly kind: "federated"; readonly issuerId: string | null; readonly name: string };

/** What a session token seals, besides the temporary secret. */
export interface SessionClaims extends Session {
  readonly accountId: string;
  readonly owner: SessionOwner;
  /** The inline session policy as it was passed; null: none was. */
  readonly policy: string | null;
  /** ARNs of managed policies that were passed as session policies. */
  readonly policyArns: readonly string[];
  /** Session tags, inherited ones included. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

export interface TemporaryCredentials {
  /** `ASIA…` */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresMs: number;
}

export interface OpenedSession {
  readonly claims: SessionClaims;
  readonly secret: string;
}

/** No token is longer: one with all that STS lets into it has about 10,000 characters. */
const TOKEN_CHARACTERS_MAX = 32 * 1024;

/** Makes and opens session tokens. Nothing is stored: the token is the session. */
export class Sessions {
  readonly #sealer: Sealer;
  readonly #random: RandomBytes;

  constructor(sealer: Sealer, random: RandomBytes) {
    this.#sealer = sealer;
    this.#random = random;
  }

  /** Fresh temporary credentials. `issuedMs` and `expiresMs` are cut to whole seconds. */
  mint(claims: SessionClaims): TemporaryCredentials {
    const accessKeyId = newKeyId("ASIA", claims.accountId, this.#random);
    const secretAccessKey = newSecret(this.#random);
    const [issuedMs, expiresMs] = [wholeSecond(claims.issuedMs), wholeSecond(claims.expiresMs)];
    const content = JSON.stringify({ ...claims, issuedMs, expiresMs, secret: secretAccessKey });
    return {
      accessKeyId,
      secretAccessKey,
      sessionToken: this.#sealer.seal("session", accessKeyId, content),
      expiresMs,
    };
  }

  /** What the token says, or null if this server did not make it for this key id. Whether it has expired is for the caller to judge. */
  open(accessKeyId: string, token: string): OpenedSession | null {
    if (token.length > TOKEN_CHARACTERS_MAX) return null;
    const content = this.#sealer.open("session", accessKeyId, token);
    if (content === null) return null;
    // Only this server can seal: the content needs no check.
    const { secret, ...claims } = JSON.parse(content) as SessionClaims & { secret: string };
    return { claims, secret };
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
