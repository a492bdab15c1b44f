import type { Caller } from "../../../auth/access.ts";
import type { RandomBytes } from "../../../base/random.ts";
import type { Statement } from "../../../metadata/database.ts";
import type { AccountRow } from "../../../metadata/identities/accounts.ts";
import type { Identities } from "../../../metadata/identities/identities.ts";
import type { Sealer } from "../../../sealing/root-sealer.ts";

/** What an operation of IAM works with: one attempt at one authenticated request. */
export interface IamCall {
  readonly caller: Caller;
  /** The caller's account, as it was when the attempt began. */
  readonly account: AccountRow;
  readonly identities: Identities;
  readonly sealer: Sealer;
  readonly random: RandomBytes;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * Applies the statements if the account's identities are still what they were when the attempt began. Otherwise nothing is
   * applied and the operation is tried again from the start, reads and permissions included.
   */
  change(statements: readonly Statement[]): Promise<void>;
}
