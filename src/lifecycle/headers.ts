import { toldDate } from "./days.ts";
import type { Due, LifecycleRules, Subject } from "./decide.ts";

/** When an object will go, for the answer to a request for it. */
export type Expiry = Pick<Due, "atMs"> & { ruleId: string };

export function expiryOf(rules: LifecycleRules, subject: Subject): Expiry | null {
  const due = rules.expiration(subject);
  return due && { atMs: due.atMs, ruleId: due.rule.id };
}

/** `x-amz-expiration` (S3 API Reference, HeadObject), or no header. */
export function expirationHeader(expiry: Expiry | null | undefined): Record<string, string> {
  if (!expiry) return {};
  return {
    "x-amz-expiration": `expiry-date="${toldDate(expiry.atMs).toUTCString()}", rule-id="${headerText(expiry.ruleId)}"`,
  };
}

/** `x-amz-abort-date` and `x-amz-abort-rule-id` (S3 API Reference, CreateMultipartUpload), or no headers. */
export function abortHeaders(due: Due | null): Record<string, string> {
  if (!due) return {};
  return { "x-amz-abort-date": toldDate(due.atMs).toUTCString(), "x-amz-abort-rule-id": headerText(due.rule.id) };
}

/** Spaces stay as they are, as at S3; what no header may hold, or would end the quotes, is percent-encoded. */
function headerText(id: string): string {
  return id.toWellFormed().replace(/[^\x20-\x7e]|["%]/gu, encodeURIComponent);
}
