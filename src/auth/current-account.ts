import { GuardError } from "../metadata/database.ts";
import type { AccountRow } from "../metadata/identities/accounts.ts";
import type { Identities } from "../metadata/identities/identities.ts";
import type { Caller } from "./access.ts";
import { principalAccountId } from "./policy/principal.ts";

/**
 * The caller's account as it is now, and the caller's permissions of the same moment: one round trip, two or three more if they were
 * changed since the caller was remembered. Throws `GuardError` access_changed if they are changed at this very moment, and what
 * `AccessGuard.renew` throws.
 */
export async function currentAccount(identities: Identities, caller: Caller): Promise<AccountRow> {
  const id = principalAccountId(caller.principal);
  const account = id === null ? null : await identities.accounts.find(id);
  if (account === null) throw new Error(`a caller of account ${id}, which is none`);
  const { guard } = caller;
  if (guard === null) return account;
  if (guard.epoch() !== account.accessEpoch) await guard.renew();
  if (guard.epoch() !== account.accessEpoch) throw new GuardError("access_changed");
  guard.confirm();
  return account;
}
