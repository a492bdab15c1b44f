import { SelectFailure } from "../failure.ts";
import { parseTimestamp, Timestamp } from "../timestamp.ts";
import { compareValues, textLength, textOf, type Value } from "../value.ts";
import type { Work } from "../work.ts";
import { formatTimestamp, timestampReader } from "./date-format.ts";
import { dateAdd, dateDiff, extractPart, timestampOf } from "./dates.ts";

export type Getter = () => Value;

interface Call {
  readonly name: string;
  readonly part: string | null;
  readonly args: readonly Getter[];
  /** Milliseconds since the epoch: one instant for the whole query. */
  readonly nowMs: number;
  readonly work: Work;
}

/** What a character costs, in units of `Work`. */
const COUNT_UNITS = 2;
const CASE_UNITS = 4;
const TRIM_UNITS = 16;
const FORMAT_UNITS = 64;
/** Longest set of characters that TRIM removes. */
const TRIMMED_MAX_LENGTH = 4_096;

/** A function call, ready to be evaluated for record after record. */
export function compileCall({ name, part, args, nowMs, work }: Call): Getter {
  const [first, second, third] = args as [Getter, Getter, Getter];
  switch (name) {
    case "COALESCE":
      return () => {
        for (const arg of args) {
          const value = arg();
          if (value !== null && value !== undefined) return value;
        }
        return null;
      };
    case "NULLIF":
      return () => {
        const [value, other] = [first(), second()];
        if (typeof value === "string" && typeof other === "string") work.spend(Math.min(value.length, other.length));
        return compareValues(value, other, false) === 0 ? null : value;
      };
    case "UTCNOW": {
      const now = new Timestamp(nowMs, "fraction", 0);
      return () => now;
    }
    case "CHAR_LENGTH":
    case "CHARACTER_LENGTH":
      return onText(first, (text) => {
        work.spend(text.length * COUNT_UNITS);
        return codePoints(text);
      });
    case "LOWER":
    case "UPPER":
      return onText(first, (text) => {
        work.spend(text.length * CASE_UNITS);
        return name === "LOWER" ? text.toLowerCase() : text.toUpperCase();
      });
    case "TRIM":
      return compileTrim(part, [first, second as Getter | undefined], work);
    case "SUBSTRING":
      return () => substring([first(), second(), third?.()], work);
    case "DATE_ADD":
      return onValues([second, first], ([timestamp, quantity]) =>
        dateAdd(part ?? "", quantity, timestampOf(timestamp)),
      );
    case "DATE_DIFF":
      return onValues(args, ([from, to]) => dateDiff(part ?? "", timestampOf(from), timestampOf(to)));
    case "EXTRACT":
      return onValues(args, ([timestamp]) => extractPart(part ?? "", timestampOf(timestamp)));
    case "TO_STRING":
      return onValues(args, ([timestamp, pattern]) => {
        work.spend(textLength(pattern) * FORMAT_UNITS);
        return formatTimestamp(timestampOf(timestamp), needText(pattern));
      });
    case "TO_TIMESTAMP":
      return compileToTimestamp(first, second as Getter | undefined, work);
  }
  throw new SelectFailure("UnsupportedFunction", name);
}

/** NULL if an argument is NULL or MISSING. */
function onValues(args: readonly Getter[], work: (values: readonly Value[]) => Value): Getter {
  return () => {
    const values = args.map((arg) => arg());
    return values.some((value) => value === null || value === undefined) ? null : work(values);
  };
}

function onText(arg: Getter, work: (text: string) => Value): Getter {
  return () => {
    const value = arg();
    return value === null || value === undefined ? null : work(needText(value));
  };
}

function needText(value: Value): string {
  const text = textOf(value);
  if (typeof text === "string") return text;
  throw new SelectFailure("IncorrectSqlFunctionArgumentType", "A string is needed.");
}

function codePoints(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (isPair(text, at)) {
      pairs += 1;
      at += 1;
    }
  }
  return text.length - pairs;
}

/** Whether a character of two UTF-16 units begins at `at`. */
function isPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}

function compileTrim(
  side: string | null,
  [source, characters]: readonly [Getter, Getter | undefined],
  work: Work,
): Getter {
  const trim = (text: string, isRemoved: (char: string) => boolean) => {
    let from = 0;
    let to = text.length;
    while (side !== "TRAILING" && from < to) {
      const after = from + (isPair(text, from) ? 2 : 1);
      if (!isRemoved(text.slice(from, after))) break;
      from = after;
    }
    while (side !== "LEADING" && to > from) {
      const before = to - (to - from > 1 && isPair(text, to - 2) ? 2 : 1);
      if (!isRemoved(text.slice(before, to))) break;
      to = before;
    }
    work.spend((text.length - (to - from)) * TRIM_UNITS);
    return text.slice(from, to);
  };
  if (characters === undefined) return onText(source, (text) => trim(text, (char) => char === " "));
  return onValues([source, characters], ([text, removed]) => {
    const chars = needText(removed);
    if (chars.length > TRIMMED_MAX_LENGTH) throw new SelectFailure("EvaluatorInvalidArguments", "TRIM");
    work.spend(chars.length * FORMAT_UNITS);
    const set = new Set(chars);
    return trim(needText(text), (char) => set.has(char));
  });
}

/** Counted from 1, in characters. A start before 1 eats from the length. */
function substring([value, start, length]: readonly [Value, Value, Value], work: Work): Value {
  if (value === null || value === undefined || start === null || start === undefined) return null;
  if (length === null) return null;
  const text = needText(value);
  const from = wholeNumber(start);
  const to = length === undefined ? Number.POSITIVE_INFINITY : from + wholeNumber(length);
  if (length !== undefined && wholeNumber(length) < 0)
    throw new SelectFailure("EvaluatorInvalidArguments", "SUBSTRING");
  const begin = Math.max(from - 1, 0);
  const end = Math.max(to - 1, begin);
  work.spend(Math.min(end === Number.POSITIVE_INFINITY ? begin : end, text.length) * COUNT_UNITS);
  const first = skipCharacters(text, 0, begin);
  return text.slice(first, end === Number.POSITIVE_INFINITY ? undefined : skipCharacters(text, first, end - begin));
}

/** Where `count` characters after `from` end. */
function skipCharacters(text: string, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at < text.length; left -= 1) at += isPair(text, at) ? 2 : 1;
  return at;
}

function wholeNumber(value: Value): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new SelectFailure("IncorrectSqlFunctionArgumentType", "An integer is needed.");
}

function compileToTimestamp(source: Getter, pattern: Getter | undefined, work: Work): Getter {
  if (pattern === undefined) {
    return onText(source, (text) => {
      const timestamp = parseTimestamp(text);
      if (timestamp === null) throw new SelectFailure("ValueParseFailure");
      return timestamp;
    });
  }
  let known: { pattern: string; read: (text: string) => Timestamp } | null = null;
  return onValues([source, pattern], ([text, format]) => {
    const wanted = needText(format);
    if (known?.pattern !== wanted) {
      work.spend(wanted.length * FORMAT_UNITS);
      known = { pattern: wanted, read: timestampReader(wanted) };
    }
    work.spend(textLength(text));
    return known.read(needText(text));
  });
}
