import type { Caller, RequestFacts } from "../../../auth/access.ts";
import type { Sessions } from "../../../auth/keys/sessions.ts";
import type { AccountRow } from "../../../metadata/identities/accounts.ts";
import type { Identities } from "../../../metadata/identities/identities.ts";
import type { WebIdentities } from "../oidc/web-identities.ts";

/** What an operation of STS works with. */
export interface StsCall {
  readonly caller: Caller;
  /** The caller's account, as it is now; null if nobody signed the request. */
  readonly account: AccountRow | null;
  readonly facts: RequestFacts;
  readonly identities: Identities;
  readonly sessions: Sessions;
  readonly webIdentities: WebIdentities;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}
