const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), the form of Last-Modified. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

const PREFERRED = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC|[+-]0000)$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;
const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?Z$/;

/**
 * Milliseconds since 1970 of a date in one of HTTP's three forms (RFC 9110 §5.6.7) or in the ISO
 * 8601 form that some SDKs send in x-amz-copy-source-if-* headers; whole seconds. Null for any
 * other text: the header is then ignored.
 */
export function parseHttpDate(text: string): number | null {
  let match = PREFERRED.exec(text);
  if (match) return utc(match[3], monthOf(match[2]), match[1], match.slice(4, 7));
  match = RFC_850.exec(text);
  // Two-digit years: HTTP has existed since 1991, so 70 to 99 are in the last century.
  if (match)
    return utc(
      Number(match[3]) + (Number(match[3]) < 70 ? 2000 : 1900),
      monthOf(match[2]),
      match[1],
      match.slice(4, 7),
    );
  match = ASCTIME.exec(text);
  if (match) return utc(match[6], monthOf(match[1]), match[2], match.slice(3, 6));
  match = ISO_8601.exec(text);
  if (match) return utc(match[1], Number(match[2]) - 1, match[3], match.slice(4, 7));
  return null;
}

function monthOf(name: string | undefined): number {
  return MONTHS.indexOf(name ?? "");
}

function utc(
  year: string | number | undefined,
  month: number,
  day: string | undefined,
  [hours, minutes, seconds]: (string | undefined)[],
): number | null {
  if (month < 0 || month > 11) return null;
  const ms = Date.UTC(Number(year), month, Number(day), Number(hours), Number(minutes), Number(seconds));
  // Date.UTC turns the 31st of February into a day in March; such a text is not a date.
  return new Date(ms).getUTCDate() === Number(day) && new Date(ms).getUTCHours() === Number(hours) ? ms : null;
}
