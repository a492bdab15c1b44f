import type { EventHold, HoldDuration } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { LOCK_DAYS_MAX, LOCK_YEARS_MAX } from "./limits.ts";

/** Names of an event hold's fields in headers, or in XML. */
interface Names {
  readonly status: string;
  readonly days: string;
  readonly years: string;
}

interface Texts {
  readonly days: string | null;
  readonly years: string | null;
}

/**
 * Reads an event hold; undefined if there is none. One that is ON needs exactly one duration, of
 * days or of years. One that is OFF has none: its earlier duration counts. Throws InvalidArgument.
 */
export function parseEventHold(status: string | null, texts: Texts, names: Names): EventHold | undefined {
  const { days, years } = texts;
  const hasDuration = days !== null || years !== null;
  if (status === null) {
    if (hasDuration) throw invalid(`A duration needs ${names.status}`, days === null ? names.years : names.days);
    return undefined;
  }
  if (status === "OFF") {
    if (hasDuration) throw invalid("An event hold that is OFF takes no duration", names.status, status);
    return { status };
  }
  if (status !== "ON") throw invalid("Event Hold must be either of 'ON' or 'OFF'", names.status, status);
  const duration = parseDuration(texts, names);
  if (duration === undefined) throw invalid("An event hold that is ON needs a duration", names.status, status);
  return { status, duration };
}

/** A duration; undefined if there is none. Throws InvalidArgument. */
export function parseDuration({ days, years }: Texts, names: Pick<Names, "days" | "years">): HoldDuration | undefined {
  if (days !== null && years !== null)
    throw invalid("A duration is of days or of years, not of both", names.days, days);
  if (days !== null) return { days: parsePeriod(names.days, days, LOCK_DAYS_MAX) };
  return years === null ? undefined : { years: parsePeriod(names.years, years, LOCK_YEARS_MAX) };
}

function parsePeriod(name: string, text: string, most: number): number {
  const period = /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
  if (period >= 1 && period <= most) return period;
  throw invalid(`The event hold duration must be a positive integer up to ${most}`, name, text);
}

function invalid(message: string, name: string, value?: string): S3Error {
  return new S3Error("InvalidArgument", message, {
    ArgumentName: name,
    ...(value === undefined ? {} : { ArgumentValue: value }),
  });
}
