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
  return { "x-amz-expiration": `expiry-date="${httpDate(expiry.atMs)}", rule-id="${headerText(expiry.ruleId)}"` };
}

/** `x-amz-abort-date` and `x-amz-abort-rule-id` (S3 API Reference, CreateMultipartUpload), or no headers. */
export function abortHeaders(due: Due | null): Record<string, string> {
  if (!due) return {};
  return { "x-amz-abort-date": httpDate(due.atMs), "x-amz-abort-rule-id": headerText(due.rule.id) };
}

/** The last midnight of the year 9999. HTTP dates have years of four digits (RFC 9110 §5.6.7). */
const DATE_MS_MAX = 253_402_214_400_000;

function httpDate(ms: number): string {
  return new Date(Math.min(ms, DATE_MS_MAX)).toUTCString();
}

/** Spaces stay as they are, as at S3; what no header may hold, or would end the quotes, is percent-encoded. */
function headerText(id: string): string {
  return id.toWellFormed().replace(/[^\x20-\x7e]|["%]/gu, encodeURIComponent);
}
