import type { SignatureFailure } from "./sigv4/failures.ts";

/** Why nobody is authenticated by a request that claims to be signed, as data. No member carries a secret. */
export type AuthenticationFailure =
  | SignatureFailure
  /** The Worker has no key of its own: it answers nobody. */
  | { readonly kind: "noRootKey" }
  /** Nobody has this key id, or its owner has made it inactive. AWS tells neither from the other. */
  | { readonly kind: "unknownKey"; readonly accessKeyId: string }
  /** The account of the key was closed. */
  | { readonly kind: "closedAccount"; readonly accessKeyId: string }
  /** A session token that this server did not make for this key id, or that was altered; or whose user or role is gone. */
  | { readonly kind: "invalidToken"; readonly token: string }
  | { readonly kind: "expiredToken"; readonly token: string };

/** Each service answers it in its own form. */
export class AuthenticationError extends Error {
  readonly failure: AuthenticationFailure;

  constructor(failure: AuthenticationFailure) {
    super(failure.kind);
    this.name = "AuthenticationError";
    this.failure = failure;
  }
}
