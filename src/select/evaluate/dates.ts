import { SelectFailure } from "../failure.ts";
import { finer, type Precision, TIMESTAMP_MS_MAX, TIMESTAMP_MS_MIN, Timestamp } from "../timestamp.ts";
import type { Value } from "../value.ts";

const MS: Readonly<Record<string, number>> = { DAY: 86_400_000, HOUR: 3_600_000, MINUTE: 60_000, SECOND: 1_000 };
const PART_PRECISION: Readonly<Record<string, Precision>> = {
  YEAR: "year",
  MONTH: "month",
  DAY: "day",
  HOUR: "minute",
  MINUTE: "minute",
  SECOND: "second",
};

/** A value as a timestamp. Throws IncorrectSqlFunctionArgumentType. */
export function timestampOf(value: Value): Timestamp {
  if (value instanceof Timestamp) return value;
  throw new SelectFailure("IncorrectSqlFunctionArgumentType", "A timestamp is needed.");
}

/** DATE_ADD. The 31st of January and a month is the last day of February. */
export function dateAdd(part: string, quantity: Value, timestamp: Timestamp): Timestamp {
  if (typeof quantity !== "number" || !Number.isInteger(quantity)) {
    throw new SelectFailure("IncorrectSqlFunctionArgumentType", "DATE_ADD adds an integer.");
  }
  const unit = MS[part];
  const months = part === "YEAR" ? quantity * 12 : quantity;
  const ms = unit === undefined ? addMonths(timestamp, months) : timestamp.ms + quantity * unit;
  if (!(ms >= TIMESTAMP_MS_MIN && ms <= TIMESTAMP_MS_MAX))
    throw new SelectFailure("EvaluatorInvalidArguments", "Beyond the years 1 to 9999.");
  const precision = finer(timestamp.precision, PART_PRECISION[part] as Precision);
  return new Timestamp(ms, precision, timestamp.offsetMinutes);
}

function addMonths({ local, ms }: Timestamp, months: number): number {
  const moved = new Date(local);
  moved.setUTCDate(1);
  moved.setUTCMonth(local.getUTCMonth() + months);
  const daysInMonth = new Date(moved).setUTCMonth(moved.getUTCMonth() + 1, 0);
  moved.setUTCDate(Math.min(local.getUTCDate(), new Date(daysInMonth).getUTCDate()));
  return moved.getTime() - local.getTime() + ms;
}

/** DATE_DIFF: whole parts between the two, negative if the first is later. */
export function dateDiff(part: string, from: Timestamp, to: Timestamp): number {
  const unit = MS[part];
  if (unit !== undefined) return Math.trunc((to.ms - from.ms) / unit) || 0;
  const later = to.ms >= from.ms;
  const [early, late] = later ? [from, to] : [to, from];
  const years = late.local.getUTCFullYear() - early.local.getUTCFullYear();
  let months = years * 12 + late.local.getUTCMonth() - early.local.getUTCMonth();
  if (addMonths(early, months) > late.ms) months -= 1;
  const parts = part === "YEAR" ? Math.trunc(months / 12) : months;
  return later ? parts : -parts || 0;
}

/** EXTRACT. */
export function extractPart(part: string, timestamp: Timestamp): number {
  const { local, offsetMinutes } = timestamp;
  switch (part) {
    case "YEAR":
      return local.getUTCFullYear();
    case "MONTH":
      return local.getUTCMonth() + 1;
    case "DAY":
      return local.getUTCDate();
    case "HOUR":
      return local.getUTCHours();
    case "MINUTE":
      return local.getUTCMinutes();
    case "SECOND":
      return local.getUTCSeconds();
    case "TIMEZONE_HOUR":
      return Math.trunc((offsetMinutes ?? 0) / 60);
    default:
      return (offsetMinutes ?? 0) % 60;
  }
}
