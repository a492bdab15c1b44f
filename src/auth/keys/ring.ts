import type { KeyLookup, KeyRing } from "./key-ring.ts";
import type { RootKey } from "./root-key.ts";

/** A ring with the Worker's own key alone; null without one. */
export function rootRing(root: RootKey | null): KeyRing | null {
  if (root === null) return null;
  const find = (accessKeyId: string, sessionToken: string | undefined): KeyLookup => {
    if (sessionToken !== undefined) return { kind: "bad-token" };
    return accessKeyId === root.accessKeyId ? root : { kind: "unknown" };
  };
  return { find };
}
