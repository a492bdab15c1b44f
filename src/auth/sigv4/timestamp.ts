const basicFormat = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
const httpFormat =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})$/;
const dayFormat = /^\d{8}$/;

/** Milliseconds since 1970 of `YYYYMMDDTHHMMSSZ`, or null if the text is not one or names no real time. */
export function parseBasicTime(text: string): number | null {
  const parts = basicFormat.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, ...number[]];
  const ms = Date.UTC(year, (month as number) - 1, day, hour, minute, second);
  return formatBasicTime(ms) === text ? ms : null;
}

/** Milliseconds since 1970 of an HTTP date (RFC 9110 §5.6.7, the preferred format, any offset for its GMT), or null. */
export function parseHttpTime(text: string): number | null {
  if (!httpFormat.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** `YYYYMMDDTHHMMSSZ`, the form that goes into a string to sign. */
export function formatBasicTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** True for a `YYYYMMDD` that names a real day. */
export function isDay(text: string): boolean {
  return dayFormat.test(text) && parseBasicTime(`${text}T000000Z`) !== null;
}
