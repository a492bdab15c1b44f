import type { Caller, RequestFacts } from "../access.ts";

/** A secret, and who makes a request that is signed with it. */
export interface FoundKey {
  readonly kind: "key";
  /** Never logged and never part of an error. */
  readonly secret: string;
  /** When it ends; null for long-lived keys. */
  readonly expiresMs: number | null;
  /** The caller of one request. */
  caller(facts: RequestFacts): Caller;
}

export type KeyLookup =
  | FoundKey
  /** Nobody has the id, or its owner has made it inactive. */
  | { readonly kind: "unknown" }
  | { readonly kind: "closed-account" }
  /** The session token is not one that this server made for this key id. */
  | { readonly kind: "bad-token" };

/** Where secrets are found by key id. */
export interface KeyRing {
  /** `sessionToken`: of temporary credentials. Throws `MetadataUnavailable`. */
  find(accessKeyId: string, sessionToken: string | undefined): KeyLookup | Promise<KeyLookup>;
}
