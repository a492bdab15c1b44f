import type { Caller } from "../../../auth/access.ts";
import type { Keyring } from "../../../keyring/keyring.ts";
import type { Statement } from "../../../metadata/database.ts";
import type { EntityTable } from "../../../metadata/identities/entities.ts";
import type { KeyringTables } from "../../../metadata/keyring/keyring.ts";

/** One attempt at one operation of KMS. */
export interface KmsCall {
  readonly caller: Caller;
  /** The caller's account. */
  readonly accountId: string;
  /** On behalf of the caller: each batch finds out whether what is known of them still holds. */
  readonly tables: KeyringTables;
  readonly keyring: Keyring;
  /** Users and roles, whom policies and grants name. */
  readonly entities: EntityTable;
  readonly nowMs: number;
  /** The caller's account: its epoch, and how many keys it has. One round trip. */
  account(): Promise<{ readonly epoch: number; readonly keys: number }>;
  /**
   * Applies a change that was decided from what was read at that epoch of the account. Throws `GuardError` access_changed if anything of the
   * account was changed since: the operation is tried again.
   */
  change(account: { readonly id: string; readonly epoch: number }, statements: readonly Statement[]): Promise<void>;
}
