import { type Comparison, fixedValue } from "./operator.ts";

const isoForm =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d{2}:?\d{2})?)?)?$/;
const epochForm = /^[0-9]{1,12}$/;

/**
 * Milliseconds since 1970, or null. Digits alone are seconds since 1970, not a year; a time without a zone is in UTC.
 *
 * Follows W3C's "Date and Time Formats", the profile of ISO 8601 that the IAM User Guide names.
 */
function parseDate(text: string): number | null {
  if (epochForm.test(text)) return Number(text) * 1000;
  const found = isoForm.exec(text);
  if (found === null) return null;
  const [, year, month, day = "01", hour = "00", minute = "00", second = "00", fraction = "0", zone = "Z"] = found;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const parsed = new Date(midnight);
  if (parsed.getUTCMonth() !== Number(month) - 1 || parsed.getUTCDate() !== Number(day)) return null;
  const offset = parseZone(zone);
  if (offset === null) return null;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second) - offset;
  return midnight + seconds * 1000 + Number(`0.${fraction}`) * 1000;
}

/** Seconds east of UTC. */
function parseZone(zone: string): number | null {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (zone[0] === "-" ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** `holds` gets the request's time, then the policy's. A value of the request that is no date matches nothing. */
export function date(holds: (value: number, limit: number) => boolean): Comparison {
  return {
    compile(text) {
      const limit = parseDate(text);
      if (limit === null) return null;
      return fixedValue((value) => {
        const time = parseDate(value);
        return time !== null && holds(time, limit);
      });
    },
  };
}
