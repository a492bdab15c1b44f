import type { ObjectHead, WriteCondition } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { parseEtagList, quoteEtag, unquoteEtag } from "./etag.ts";
import { formatHttpDate, parseHttpDate } from "./http-date.ts";

type Validators = Pick<ObjectHead, "etag" | "modifiedMs">;

/** The four conditional headers of a request, by the request's names for them. */
interface ConditionNames {
  readonly match: string;
  readonly noneMatch: string;
  readonly modifiedSince: string;
  readonly unmodifiedSince: string;
}

const READ_CONDITIONS: ConditionNames = {
  match: "If-Match",
  noneMatch: "If-None-Match",
  modifiedSince: "If-Modified-Since",
  unmodifiedSince: "If-Unmodified-Since",
};

const COPY_CONDITIONS: ConditionNames = {
  match: "x-amz-copy-source-If-Match",
  noneMatch: "x-amz-copy-source-If-None-Match",
  modifiedSince: "x-amz-copy-source-If-Modified-Since",
  unmodifiedSince: "x-amz-copy-source-If-Unmodified-Since",
};

const RENAME_SOURCE_PREFIX = "x-amz-rename-source-";
const RENAME_SOURCE_CONDITIONS: ConditionNames = {
  match: `${RENAME_SOURCE_PREFIX}If-Match`,
  noneMatch: `${RENAME_SOURCE_PREFIX}If-None-Match`,
  modifiedSince: `${RENAME_SOURCE_PREFIX}If-Modified-Since`,
  unmodifiedSince: `${RENAME_SOURCE_PREFIX}If-Unmodified-Since`,
};

/** Headers that a 304 repeats (RFC 9110 §15.4.5), for a client that revalidates its cache. */
export function validatorHeaders(head: Validators): Record<string, string> {
  return { ETag: quoteEtag(head.etag), "Last-Modified": formatHttpDate(head.modifiedMs) };
}

/**
 * Checks If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since of a GET or HEAD in the
 * order of RFC 9110 §13.2.2, which is S3's: an ETag condition outranks the date condition of its
 * kind. Throws NotModified (304) or PreconditionFailed (412).
 */
export function checkReadConditions(headers: Headers, head: Validators): void {
  const failed = failedCondition(headers, head, READ_CONDITIONS);
  if (failed === null) return;
  if (failed === READ_CONDITIONS.noneMatch || failed === READ_CONDITIONS.modifiedSince) {
    throw new S3Error("NotModified", undefined, {}, { headers: validatorHeaders(head) });
  }
  throw preconditionFailed(failed);
}

/** The same for x-amz-copy-source-if-*: any failure is PreconditionFailed (412). */
export function checkCopyConditions(headers: Headers, source: Validators): void {
  const failed = failedCondition(headers, source, COPY_CONDITIONS);
  if (failed !== null) throw preconditionFailed(failed);
}

/** The same for x-amz-rename-source-if-*. S3 names the condition without the prefix. */
export function checkRenameSource(headers: Headers, source: Validators): void {
  const failed = failedCondition(headers, source, RENAME_SOURCE_CONDITIONS);
  if (failed !== null) throw preconditionFailed(failed.slice(RENAME_SOURCE_PREFIX.length));
}

/**
 * The check of a rename's target (null: nothing) by the If-* headers of the request, or undefined
 * if there are none. A condition on an object fails if there is none: 412, since 404 would mean the
 * source. Throws NotImplemented for an If-None-Match that is not `*`.
 */
export function renameTargetCheck(headers: Headers): ((target: Validators | null) => void) | undefined {
  const names = Object.values(READ_CONDITIONS).filter((name) => headers.has(name));
  if (names.length === 0) return undefined;
  if ((headers.get("If-None-Match") ?? "*") !== "*") throw notImplemented("If-None-Match");
  return (target) => {
    const absent = names.find((name) => name === READ_CONDITIONS.match || name === READ_CONDITIONS.modifiedSince);
    const failed = target === null ? absent : failedCondition(headers, target, READ_CONDITIONS);
    if (failed) throw preconditionFailed(failed);
  };
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", undefined, { Condition: condition });
}

/** The name of the first condition that does not hold, or null. */
function failedCondition(headers: Headers, head: Validators, names: ConditionNames): string | null {
  // Last-Modified has whole seconds, so clients can compare only those.
  const modifiedMs = Math.floor(head.modifiedMs / 1000) * 1000;
  const match = headers.get(names.match);
  if (match !== null) {
    if (!listed(match, head.etag, "strong")) return names.match;
  } else {
    const unmodifiedSince = parseHttpDate(headers.get(names.unmodifiedSince) ?? "");
    if (unmodifiedSince !== null && modifiedMs > unmodifiedSince) return names.unmodifiedSince;
  }
  const noneMatch = headers.get(names.noneMatch);
  if (noneMatch !== null) {
    if (listed(noneMatch, head.etag, "weak")) return names.noneMatch;
  } else {
    const modifiedSince = parseHttpDate(headers.get(names.modifiedSince) ?? "");
    if (modifiedSince !== null && modifiedMs <= modifiedSince) return names.modifiedSince;
  }
  return null;
}

function listed(text: string, etag: string, comparison: "strong" | "weak"): boolean {
  const tags = parseEtagList(text);
  return tags === "*" || tags.some((tag) => tag.value === etag && (comparison === "weak" || !tag.weak));
}

/**
 * True if the Range header counts (RFC 9110 §13.1.5): there is no If-Range, or it names exactly
 * this version. Otherwise the client's earlier bytes are of another version, and it must get the
 * whole object.
 */
export function ifRangeHolds(headers: Headers, head: Validators): boolean {
  const text = headers.get("If-Range");
  if (text === null) return true;
  const date = parseHttpDate(text);
  if (date !== null) return Math.floor(head.modifiedMs / 1000) * 1000 === date;
  return !text.startsWith("W/") && unquoteEtag(text) === head.etag;
}

/**
 * Reads the condition on the object that a write replaces: `If-None-Match: *` or `If-Match:
 * <etag>`. Any other use of these headers, and both together, is NotImplemented, as in S3; dates
 * are not conditions of writes.
 */
export function parseWriteCondition(headers: Headers): WriteCondition | undefined {
  for (const name of ["If-Modified-Since", "If-Unmodified-Since"]) {
    if (headers.has(name)) throw notImplemented(name);
  }
  const match = headers.get("If-Match");
  const noneMatch = headers.get("If-None-Match");
  if (noneMatch !== null) {
    if (match !== null) {
      throw notImplemented("If-Match,If-None-Match", "Multiple conditional request headers present in the request");
    }
    if (noneMatch !== "*") throw notImplemented("If-None-Match");
    return { ifNoneMatch: "*" };
  }
  if (match === null) return undefined;
  const etag = unquoteEtag(match);
  if (etag === "" || etag === "*" || etag.includes(",")) throw notImplemented("If-Match");
  return { ifMatch: etag };
}

function notImplemented(
  header: string,
  why = `We don't accept the provided value of ${header} header for this API`,
): S3Error {
  return new S3Error("NotImplemented", undefined, { Header: header, additionalMessage: why });
}
