import { bindPrincipals, showPrincipals } from "../../../auth/policy-principals.ts";
import type { StoreContext } from "../../../store/context.ts";
import { withMetadata } from "../../../store/translate-metadata.ts";

/** Accounts for ACLs, and users and roles for policies. */
export interface AccountDirectory {
  /** See `bindPrincipals`. */
  bindPolicy(text: string): Promise<string>;
  /** See `showPrincipals`. */
  showPolicy(text: string): Promise<string>;
  /** null: no account has this address. */
  canonicalIdOfEmail(email: string): Promise<string | null>;
  hasCanonicalId(id: string): Promise<boolean>;
}

/** EC2's own, for the canned ACL `aws-exec-read`. */
export const EC2_CANONICAL_ID = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

/** The accounts of this server; `ownId` is known to be one. Each lookup is one D1 round trip. */
export function accountDirectory(store: StoreContext, ownId: string): AccountDirectory {
  const { accounts, entities } = (store.databases?.all[0] ?? store).metadata.identities;
  const subject = { bucket: "" };
  return {
    bindPolicy: (text) => withMetadata(subject, () => bindPrincipals(entities, text)),
    showPolicy: async (text) => {
      const [shown = text] = await withMetadata(subject, () => showPrincipals(entities, [text]));
      return shown;
    },
    canonicalIdOfEmail: async (email) => {
      const account = await withMetadata(subject, () => accounts.findByEmail(email));
      return account?.state === "active" ? account.canonicalId : null;
    },
    hasCanonicalId: async (id) => {
      if (id === ownId || id === EC2_CANONICAL_ID) return true;
      return (await withMetadata(subject, () => accounts.findByCanonicalId(id))) !== null;
    },
  };
}
