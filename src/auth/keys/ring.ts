import type { Principal } from "../principal.ts";

/** An access key and whose it is. */
export interface AccessKey {
  readonly accessKeyId: string;
  /** Never logged and never part of an error. */
  readonly secret: string;
  readonly principal: Principal;
}

/** Where secrets are found by key id. */
export interface KeyRing {
  find(accessKeyId: string): AccessKey | undefined;
}

/**
 * The id of the account that owns everything. It is the same on every server and outlives a change of the root key:
 * buckets record it. (SHA-256 of "sherd root account", in the form of S3's canonical user ids.)
 */
export const rootOwnerId = "3fc6b54705736df6ff6010111bd81893a6f6b1f4ddc2b58c344e4f32415f5a96";

const rootPrincipal: Principal = { kind: "root", ownerId: rootOwnerId, displayName: "root" };

/** A ring with the root key alone, or null where either half is missing or empty. */
export function rootKeyRing(accessKeyId: string | undefined, secret: string | undefined): KeyRing | null {
  if (!accessKeyId || !secret) return null;
  const root: AccessKey = { accessKeyId, secret, principal: rootPrincipal };
  return { find: (id) => (id === accessKeyId ? root : undefined) };
}
