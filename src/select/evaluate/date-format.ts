import { SelectFailure } from "../failure.ts";
import { offsetText, parseTimestamp, type Timestamp } from "../timestamp.ts";

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

/** Longest pattern that is read. */
const PATTERN_MAX_LENGTH = 1_024;
type Part = { readonly literal: string } | { readonly symbol: string };

/** Cuts a pattern such as `y-MM-dd''T''HH:mm` into symbols and literals. Throws EvaluatorInvalidTimestampFormatPattern…. */
function cutFormat(pattern: string): Part[] {
  if (pattern.length > PATTERN_MAX_LENGTH) throw new SelectFailure("EvaluatorInvalidTimestampFormatPattern");
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; ) {
    const char = pattern.charAt(at);
    if (char === "'") {
      const end = pattern.indexOf("'", at + 1);
      if (end === -1) throw new SelectFailure("EvaluatorUnterminatedTimestampFormatPatternToken");
      parts.push({ literal: end === at + 1 ? "'" : pattern.slice(at + 1, end) });
      at = end + 1;
      continue;
    }
    let end = at + 1;
    while (pattern.charAt(end) === char) end += 1;
    if (/[A-Za-z]/.test(char)) parts.push({ symbol: pattern.slice(at, end) });
    else parts.push({ literal: pattern.slice(at, end) });
    at = end;
  }
  return parts;
}

/** TO_STRING. The symbols are those of the S3 User Guide's table of time format patterns. */
export function formatTimestamp(timestamp: Timestamp, pattern: string): string {
  return cutFormat(pattern)
    .map((part) => ("literal" in part ? part.literal : formatSymbol(part.symbol, timestamp)))
    .join("");
}

function formatSymbol(symbol: string, timestamp: Timestamp): string {
  const { local } = timestamp;
  const padded = (value: number, width = symbol.length) => String(value).padStart(width, "0");
  const year = local.getUTCFullYear();
  switch (symbol) {
    case "y":
      return String(year);
    case "yy":
      return padded(year % 100);
    case "yyyy":
      return padded(year);
    case "M":
    case "MM":
      return padded(local.getUTCMonth() + 1);
    case "MMM":
      return (MONTHS[local.getUTCMonth()] as string).slice(0, 3);
    case "MMMM":
      return MONTHS[local.getUTCMonth()] as string;
    case "MMMMM":
      return (MONTHS[local.getUTCMonth()] as string).slice(0, 1);
    case "d":
    case "dd":
      return padded(local.getUTCDate());
    case "a":
      return local.getUTCHours() < 12 ? "AM" : "PM";
    case "h":
    case "hh":
      return padded(local.getUTCHours() % 12 || 12);
    case "H":
    case "HH":
      return padded(local.getUTCHours());
    case "m":
    case "mm":
      return padded(local.getUTCMinutes());
    case "s":
    case "ss":
      return padded(local.getUTCSeconds());
    case "n":
      return String(local.getUTCMilliseconds() * 1_000_000);
  }
  if (/^S{1,9}$/.test(symbol)) return padded(local.getUTCMilliseconds(), 3).padEnd(9, "0").slice(0, symbol.length);
  return formatOffset(symbol, timestamp.offsetMinutes ?? 0);
}

/** `X`: Z or hours, `XX` and `XXXX`: Z or +hhmm, `XXX` and `XXXXX`: Z or +hh:mm; `x` the same with digits instead of Z. */
function formatOffset(symbol: string, offsetMinutes: number): string {
  if (!/^(X{1,5}|x{1,5})$/.test(symbol))
    throw new SelectFailure("EvaluatorInvalidTimestampFormatPatternSymbol", symbol);
  const colon = symbol.length === 3 || symbol.length === 5 ? ":" : "";
  const digits = offsetMinutes === 0 ? `+00${colon}00` : offsetText(offsetMinutes, colon);
  if (offsetMinutes === 0 && symbol.startsWith("X")) return "Z";
  return symbol.length === 1 && offsetMinutes % 60 === 0 ? digits.slice(0, 3) : digits;
}

const FIELDS: Readonly<Record<string, string>> = {
  y: "(?<year>\\d{4})",
  yyyy: "(?<year>\\d{4})",
  M: "(?<month>\\d{1,2})",
  MM: "(?<month>\\d{2})",
  MMM: "(?<name>[A-Za-z]{3})",
  MMMM: "(?<name>[A-Za-z]{3,9})",
  d: "(?<day>\\d{1,2})",
  dd: "(?<day>\\d{2})",
  H: "(?<hour>\\d{1,2})",
  HH: "(?<hour>\\d{2})",
  h: "(?<hour>\\d{1,2})",
  hh: "(?<hour>\\d{2})",
  a: "(?<half>[AaPp][Mm])",
  m: "(?<minute>\\d{1,2})",
  mm: "(?<minute>\\d{2})",
  s: "(?<second>\\d{1,2})",
  ss: "(?<second>\\d{2})",
};

/** A function that reads timestamps of a pattern: TO_TIMESTAMP with two arguments. It throws ValueParseFailure. */
export function timestampReader(pattern: string): (text: string) => Timestamp {
  const seen = new Set<string>();
  const source = cutFormat(pattern).map((part) => {
    if ("literal" in part) return part.literal.replace(/[^A-Za-z0-9 ]/g, "\\$&");
    const field = fieldOf(part.symbol);
    const name = /<(\w+)>/.exec(field)?.[1] ?? "";
    if (seen.has(name)) throw new SelectFailure("EvaluatorInvalidTimestampFormatPattern", part.symbol);
    seen.add(name);
    return field;
  });
  const form = new RegExp(`^${source.join("")}$`);
  return (text) => {
    const groups = text.length > 2 * PATTERN_MAX_LENGTH ? undefined : form.exec(text)?.groups;
    const timestamp = groups === undefined ? null : parseTimestamp(isoText(groups));
    if (timestamp === null) throw new SelectFailure("ValueParseFailure");
    return timestamp;
  };
}

function fieldOf(symbol: string): string {
  if (/^S{1,9}$/.test(symbol)) return `(?<fraction>\\d{${symbol.length}})`;
  if (/^[Xx]{1,5}$/.test(symbol)) return "(?<offset>Z|[+-]\\d{2}(?::?\\d{2})?)";
  const field = Object.hasOwn(FIELDS, symbol) ? FIELDS[symbol] : undefined;
  if (field === undefined) throw new SelectFailure("EvaluatorInvalidTimestampFormatPatternSymbol", symbol);
  return field;
}

function isoText(groups: Readonly<Record<string, string | undefined>>): string {
  const { year = "1970", name, day = "1", half, minute = "0", second, fraction, offset } = groups;
  const two = (text: string | number) => String(text).padStart(2, "0");
  const named = MONTHS.findIndex((known) => name && known.toLowerCase().startsWith(name.toLowerCase())) + 1;
  const month = name === undefined ? (groups.month ?? "1") : String(named);
  const date = `${year}-${two(month)}-${two(day)}`;
  if (groups.hour === undefined) return `${date}T`;
  const hour = half === undefined ? Number(groups.hour) : (Number(groups.hour) % 12) + (/^p/i.test(half) ? 12 : 0);
  const seconds = second === undefined ? "" : `:${two(second)}${fraction === undefined ? "" : `.${fraction}`}`;
  return `${date}T${two(hour)}:${two(minute)}${seconds}${offset?.length === 3 ? `${offset}:00` : (offset ?? "")}`;
}
