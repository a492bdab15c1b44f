import { RequestCaller } from "../caller.ts";
import { firstAccount, rootOf } from "../principal.ts";
import type { FoundKey } from "./key-ring.ts";

/** The Worker's own key: that of the first account's root. Nothing that is stored can change what it may do. */
export interface RootKey extends FoundKey {
  readonly accessKeyId: string;
}

/** Null where either half is missing or empty. */
export function rootKey(accessKeyId: string | undefined, secret: string | undefined): RootKey | null {
  if (!accessKeyId || !secret) return null;
  const identity = { principal: rootOf(firstAccount), identityPolicies: [] };
  return {
    kind: "key",
    accessKeyId,
    secret,
    expiresMs: null,
    caller: (facts) => new RequestCaller({ identity, accessKeyId, facts }),
  };
}
