import type { When } from "./configuration.ts";

/** Length of a day where nobody shortens it. */
export const DAY_MS = 86_400_000;

/**
 * When something that is due `days` after a moment is done: the moment and the days, rounded up to the next midnight, UTC (S3 User Guide,
 * "Lifecycle rules based on an object's age"). Exactly midnight counts as before: the next one is meant. Midnights are the
 * multiples of `dayMs` since 1970.
 */
export function dueAfter(sinceMs: number, days: number, dayMs: number): number {
  return nextMidnight(sinceMs + days * dayMs, dayMs);
}

/** The first midnight after a moment. */
export function nextMidnight(ms: number, dayMs: number): number {
  return (Math.floor(ms / dayMs) + 1) * dayMs;
}

/** When an action is due for something that began at `sinceMs`. */
export function dueOf(when: When, sinceMs: number, dayMs: number): number {
  return "days" in when ? dueAfter(sinceMs, when.days, dayMs) : when.dateMs;
}

/** The last midnight of the year 9999. Dates have years of four digits in HTTP (RFC 9110 §5.6.7) and in RFC 3339. */
const DATE_MS_MAX = 253_402_214_400_000;

/** The date by which a time is told: of a later year, the last one that can be written. */
export function toldDate(ms: number): Date {
  return new Date(Math.min(ms, DATE_MS_MAX));
}

/** Whether a date may stand in a rule: midnight of a whole day, or of a shortened one. */
export function isMidnight(ms: number, dayMs: number): boolean {
  return ms % DAY_MS === 0 || ms % dayMs === 0;
}

/** The day of `SHERD_LIFECYCLE_DAY_SECONDS`, counted since 1970. */
export function dayOf(ms: number, { lifecycleDaySeconds }: { lifecycleDaySeconds: number }): number {
  return Math.floor(ms / (lifecycleDaySeconds * 1000));
}
