import { firstAccount, type Principal } from "./principal.ts";

/** What somebody wants to do, in the words of S3's policies. */
export interface AccessRequest {
  readonly principal: Principal;
  /** `s3:GetObject` and the like. */
  readonly action: string;
  /** "" where the action concerns no bucket. */
  readonly bucket: string;
  /** "" where the action concerns no object. */
  readonly key: string;
}

/** `reason` is for the log; clients are told that access is denied and no more. */
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/**
 * Whether a request may go on. The root account may do everything, anonymous callers nothing: there are no policies and
 * no ACLs that could say otherwise, and none is stored.
 */
export function authorise({ principal, action }: AccessRequest): Decision {
  switch (principal.kind) {
    case "root":
      if (principal.accountId === firstAccount.accountId) return { allowed: true };
      return { allowed: false, reason: `account ${principal.accountId} may not ${action}` };
    default:
      return { allowed: false, reason: `${principal.kind} may not ${action}` };
  }
}
