import { firstAccount, type Principal, rootOf } from "../principal.ts";

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

/** A ring with the root key alone, or null where either half is missing or empty. */
export function rootKeyRing(accessKeyId: string | undefined, secret: string | undefined): KeyRing | null {
  if (!accessKeyId || !secret) return null;
  const root: AccessKey = { accessKeyId, secret, principal: rootOf(firstAccount) };
  return { find: (id) => (id === accessKeyId ? root : undefined) };
}
