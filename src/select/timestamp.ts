/** How much of a timestamp was given. Arithmetic adds precision as it needs it. */
const PRECISIONS = ["year", "month", "day", "minute", "second", "fraction"] as const;
export type Precision = (typeof PRECISIONS)[number];

/** A point in time of Amazon Ion: an instant, how precisely it is known, and the offset that it was written with. */
export class Timestamp {
  /** Milliseconds since the epoch. Further digits of a fraction are dropped. */
  readonly ms: number;
  readonly precision: Precision;
  /** Minutes east of UTC; null: unknown (`-00:00`). */
  readonly offsetMinutes: number | null;

  constructor(ms: number, precision: Precision, offsetMinutes: number | null) {
    this.ms = ms;
    this.precision = precision;
    this.offsetMinutes = offsetMinutes;
  }

  /** A `Date` whose UTC fields are the local ones of this timestamp. */
  get local(): Date {
    return new Date(this.ms + (this.offsetMinutes ?? 0) * MINUTE_MS);
  }

  /** As Ion writes it: `2010T`, `2010-05T`, `2010-05-06T`, `2010-05-06T07:08Z`, with seconds and milliseconds if it has them. */
  toString(): string {
    const text = this.local.toISOString();
    switch (this.precision) {
      case "year":
        return `${text.slice(0, 4)}T`;
      case "month":
        return `${text.slice(0, 7)}T`;
      case "day":
        return `${text.slice(0, 10)}T`;
      case "minute":
        return text.slice(0, 16) + offsetText(this.offsetMinutes, ":");
      case "second":
        return text.slice(0, 19) + offsetText(this.offsetMinutes, ":");
      case "fraction":
        return text.slice(0, 23) + offsetText(this.offsetMinutes, ":");
    }
  }
}

const MINUTE_MS = 60_000;
/** Years 0001 to 9999, as Ion has them. */
export const TIMESTAMP_MS_MIN = -62_135_596_800_000;
export const TIMESTAMP_MS_MAX = 253_402_300_799_999;

/** `Z`, `+01:00`, or `-00:00` where it is unknown. */
export function offsetText(offsetMinutes: number | null, colon: ":" | ""): string {
  if (offsetMinutes === 0) return "Z";
  const size = Math.abs(offsetMinutes ?? 0);
  const digits = (value: number) => String(value).padStart(2, "0");
  const sign = (offsetMinutes ?? -1) < 0 ? "-" : "+";
  return `${sign}${digits(Math.floor(size / 60))}${colon}${digits(size % 60)}`;
}

const FORM =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?T?$|^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Reads a timestamp as Ion and ISO 8601 write it; null if it is none. Without an offset it is in UTC, and the offset unknown. */
export function parseTimestamp(text: string): Timestamp | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, year, month, day, fullYear, fullMonth, fullDay, hour, minute, second, fraction, offset] = match;
  if (fullYear === undefined) {
    const precision = day !== undefined ? "day" : month !== undefined ? "month" : "year";
    return made({ date: [year, month ?? "01", day ?? "01"], time: [], offset: undefined }, precision);
  }
  const precision = fraction !== undefined ? "fraction" : second !== undefined ? "second" : "minute";
  const milliseconds = (fraction ?? "0").padEnd(3, "0").slice(0, 3);
  return made(
    { date: [fullYear, fullMonth, fullDay], time: [hour, minute, second ?? "0", milliseconds], offset },
    precision,
  );
}

interface Fields {
  readonly date: readonly (string | undefined)[];
  readonly time: readonly (string | undefined)[];
  readonly offset: string | undefined;
}

function made({ date, time, offset }: Fields, precision: Precision): Timestamp | null {
  const [year = 0, month = 0, day = 0] = date.map(Number);
  const [hour = 0, minute = 0, second = 0, milliseconds = 0] = time.map(Number);
  if (hour > 23 || minute > 59 || second > 59) return null;
  const instant = new Date(0);
  instant.setUTCFullYear(year, month - 1, day);
  // The 30th of February is the 1st or 2nd of March, and none that was written.
  if (instant.getUTCMonth() !== month - 1 || instant.getUTCDate() !== day) return null;
  instant.setUTCHours(hour, minute, second, milliseconds);
  const offsetMinutes = parseOffset(offset);
  if (offsetMinutes === undefined) return null;
  return new Timestamp(instant.getTime() - (offsetMinutes ?? 0) * MINUTE_MS, precision, offsetMinutes);
}

/** Undefined: no offset that can be. */
function parseOffset(text: string | undefined): number | null | undefined {
  if (text === undefined || text === "-00:00" || text === "-0000") return null;
  if (text === "Z") return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  if (minutes >= 24 * 60 || Number(text.slice(-2)) > 59) return undefined;
  return text.startsWith("-") ? -minutes : minutes;
}

/** The precision of both together: of a timestamp, and of what is added to it. */
export function finer(one: Precision, other: Precision): Precision {
  return PRECISIONS[Math.max(PRECISIONS.indexOf(one), PRECISIONS.indexOf(other))] as Precision;
}
