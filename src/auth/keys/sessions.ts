import type { Session } from "../access.ts";

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

/** Makes and opens session tokens. Nothing is stored: the token is the session. */
export interface Sessions {
  /** Fresh temporary credentials. `issuedMs` and `expiresMs` are cut to whole seconds. */
  mint(claims: SessionClaims): TemporaryCredentials;
}
