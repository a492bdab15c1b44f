import type { IamCall } from "../model/call.ts";
import { quotaExceeded } from "../model/errors.ts";
import { quotas } from "../model/quotas.ts";

const quotaNames = {
  users: "UsersPerAccount",
  groups: "GroupsPerAccount",
  roles: "RolesPerAccount",
  policies: "PoliciesPerAccount",
  providers: "OpenIdConnectProvidersPerAccount",
} as const;

/** Throws LimitExceeded if the account has as many as it may have. */
export async function requireRoom(call: IamCall, what: keyof typeof quotaNames): Promise<void> {
  const counts = await call.identities.accounts.counts(call.account.id);
  if (counts !== null && counts[what] >= quotas[what]) throw quotaExceeded(quotaNames[what], quotas[what]);
}
