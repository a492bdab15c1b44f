import { child, childrenOf, childText, type XmlElement } from "../protocols/rest-xml/read.ts";
import {
  type Expiration,
  type NoncurrentExpiration,
  type NoncurrentTransition,
  TRANSITION_CLASSES,
  type Transition,
  type TransitionClass,
  type When,
} from "./configuration.ts";
import { isMidnight } from "./days.ts";
import { invalidArgument, malformed } from "./refused.ts";

const DAYS_MAX = 2 ** 31 - 1;
const NEWER_MAX = 100;
/** ISO 8601, as `dateTime` and `date` of XML Schema have it. */
const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?$/;

/** Reads Expiration: one of Days, Date and ExpiredObjectDeleteMarker. Throws `LifecycleRefused`. */
export function readExpiration(rule: XmlElement, dayMs: number): Expiration | undefined {
  const written = child(rule, "Expiration");
  if (written === undefined) return undefined;
  if (written.children.length !== 1) throw malformed();
  const marker = childText(written, "ExpiredObjectDeleteMarker")?.trim();
  if (marker !== undefined) {
    if (!/^(true|false|1|0)$/.test(marker)) throw malformed();
    return { deleteMarker: marker === "true" || marker === "1" };
  }
  return readWhen(written, { action: "Expiration", least: 1, dayMs });
}

export function readNoncurrentExpiration(rule: XmlElement): NoncurrentExpiration | undefined {
  const written = child(rule, "NoncurrentVersionExpiration");
  return written && readNoncurrent(written, { action: "NoncurrentVersionExpiration", least: 1 });
}

export function readAbortDays(rule: XmlElement): number | undefined {
  const written = child(rule, "AbortIncompleteMultipartUpload");
  if (written === undefined) return undefined;
  return readDays(written, "DaysAfterInitiation", { action: "AbortIncompleteMultipartUpload", least: 1 }) ?? bad();
}

export function readTransitions(rule: XmlElement, dayMs: number): Transition[] {
  return childrenOf(rule, "Transition").map((written) => ({
    ...readWhen(written, { action: "Transition", least: 0, dayMs }),
    storageClass: readClass(written),
  }));
}

export function readNoncurrentTransitions(rule: XmlElement): NoncurrentTransition[] {
  return childrenOf(rule, "NoncurrentVersionTransition").map((written) => ({
    ...readNoncurrent(written, { action: "NoncurrentVersionTransition", least: 0 }),
    storageClass: readClass(written),
  }));
}

interface Action {
  action: string;
  /** The smallest number of days that it may have. */
  least: 0 | 1;
}

function bad(): never {
  throw malformed();
}

function readWhen(written: XmlElement, { dayMs, ...action }: Action & { dayMs: number }): When {
  const days = readDays(written, "Days", action);
  const date = childText(written, "Date")?.trim();
  if ((days === undefined) === (date === undefined)) throw malformed();
  return days === undefined ? { dateMs: readDate(date as string, dayMs) } : { days };
}

function readDate(text: string, dayMs: number): number {
  if (!DATE.test(text)) throw malformed();
  // Without a zone UTC is meant.
  const ms = Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? text : text.includes("T") ? `${text}Z` : text);
  if (Number.isNaN(ms)) throw malformed();
  if (!isMidnight(ms, dayMs)) throw invalidArgument("'Date' must be at midnight GMT", "Date", text);
  return ms;
}

function readDays(parent: XmlElement, name: string, { action, least }: Action): number | undefined {
  const text = childText(parent, name)?.trim();
  if (text === undefined) return undefined;
  if (!/^-?\d{1,10}$/.test(text) || Number(text) > DAYS_MAX) throw malformed();
  const days = Number(text);
  if (days < least) {
    const what = least === 1 ? "a positive integer" : "nonnegative";
    throw invalidArgument(`'${name}' for ${action} action must be ${what}`, name, text);
  }
  return days;
}

function readNoncurrent(written: XmlElement, action: Action): NoncurrentExpiration {
  const days = readDays(written, "NoncurrentDays", action) ?? bad();
  const text = childText(written, "NewerNoncurrentVersions")?.trim();
  if (text === undefined) return { days };
  if (!/^-?\d{1,10}$/.test(text)) throw malformed();
  const newer = Number(text);
  if (newer < 1 || newer > NEWER_MAX) {
    const message =
      newer < 1
        ? `'NewerNoncurrentVersions' for ${action.action} action must be a positive integer`
        : `'NewerNoncurrentVersions' for ${action.action} action must be an integer between 1 and ${NEWER_MAX}`;
    throw invalidArgument(message, "NewerNoncurrentVersions", text);
  }
  return { days, newer };
}

function readClass(written: XmlElement): TransitionClass {
  const name = childText(written, "StorageClass")?.trim() ?? bad();
  return TRANSITION_CLASSES.find((known) => known === name) ?? bad();
}
