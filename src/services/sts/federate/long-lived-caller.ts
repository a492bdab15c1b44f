import type { AccountRow } from "../../../metadata/identities/accounts.ts";
import type { StsCall } from "../model/call.ts";
import { accessDenied } from "../model/errors.ts";

const DURATION_DEFAULT_SECONDS = 43_200;
/** Of the root user. */
const ROOT_DURATION_MAX_SECONDS = 3_600;

export interface LongLivedCaller {
  readonly account: AccountRow;
  /** `AIDA…`; null: the root user. */
  readonly userId: string | null;
}

/** A user or the root user by a key of their own. Throws AccessDenied for temporary credentials. */
export function longLivedCaller({ caller, account }: StsCall, operation: string): LongLivedCaller {
  const { principal, session } = caller;
  const isOwn = session === null && (principal.kind === "user" || principal.kind === "root");
  if (account === null || !isOwn) throw accessDenied(`Cannot call ${operation} with session credentials`);
  return { account, userId: principal.kind === "user" ? principal.uniqueId : null };
}

/** How long the session is, in seconds: the root user's an hour at most, whatever is asked for. */
export function durationOf({ userId }: LongLivedCaller, wanted: number | undefined): number {
  const seconds = wanted ?? DURATION_DEFAULT_SECONDS;
  return userId === null ? Math.min(seconds, ROOT_DURATION_MAX_SECONDS) : seconds;
}
