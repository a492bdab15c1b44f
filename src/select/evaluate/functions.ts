import { SelectFailure } from "../failure.ts";
import { parseTimestamp, Timestamp } from "../timestamp.ts";
import { compareValues, textOf, type Value } from "../value.ts";
import { formatTimestamp, timestampReader } from "./date-format.ts";
import { dateAdd, dateDiff, extractPart, timestampOf } from "./dates.ts";

export type Getter = () => Value;

interface Call {
  readonly name: string;
  readonly part: string | null;
  readonly args: readonly Getter[];
  /** Milliseconds since the epoch: one instant for the whole query. */
  readonly nowMs: number;
}

/** A function call, ready to be evaluated for record after record. */
export function compileCall({ name, part, args, nowMs }: Call): Getter {
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
        const value = first();
        return compareValues(value, second(), false) === 0 ? null : value;
      };
    case "UTCNOW": {
      const now = new Timestamp(nowMs, "fraction", 0);
      return () => now;
    }
    case "CHAR_LENGTH":
    case "CHARACTER_LENGTH":
      return onText(first, codePoints);
    case "LOWER":
      return onText(first, (text) => text.toLowerCase());
    case "UPPER":
      return onText(first, (text) => text.toUpperCase());
    case "TRIM":
      return compileTrim(part, first, second);
    case "SUBSTRING":
      return () => substring(first(), second(), third?.());
    case "DATE_ADD":
      return onValues([second, first], ([timestamp, quantity]) =>
        dateAdd(part ?? "", quantity, timestampOf(timestamp)),
      );
    case "DATE_DIFF":
      return onValues(args, ([from, to]) => dateDiff(part ?? "", timestampOf(from), timestampOf(to)));
    case "EXTRACT":
      return onValues(args, ([timestamp]) => extractPart(part ?? "", timestampOf(timestamp)));
    case "TO_STRING":
      return onValues(args, ([timestamp, pattern]) => formatTimestamp(timestampOf(timestamp), needText(pattern)));
    case "TO_TIMESTAMP":
      return compileToTimestamp(first, second as Getter | undefined);
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
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function compileTrim(side: string | null, source: Getter, characters: Getter | undefined): Getter {
  const trim = (text: string, removed: ReadonlySet<string>) => {
    const chars = Array.from(text);
    let from = 0;
    let to = chars.length;
    if (side !== "TRAILING") while (from < to && removed.has(chars[from] as string)) from += 1;
    if (side !== "LEADING") while (to > from && removed.has(chars[to - 1] as string)) to -= 1;
    return chars.slice(from, to).join("");
  };
  if (characters === undefined) {
    const space = new Set([" "]);
    return onText(source, (text) => trim(text, space));
  }
  return onValues([source, characters], ([text, removed]) => trim(needText(text), new Set(needText(removed))));
}

/** Counted from 1, in characters. A start before 1 eats from the length. */
function substring(value: Value, start: Value, length: Value): Value {
  if (value === null || value === undefined || start === null || start === undefined) return null;
  if (length === null) return null;
  const text = needText(value);
  const from = wholeNumber(start);
  const to = length === undefined ? Number.POSITIVE_INFINITY : from + wholeNumber(length);
  if (length !== undefined && wholeNumber(length) < 0)
    throw new SelectFailure("EvaluatorInvalidArguments", "SUBSTRING");
  const begin = Math.max(from - 1, 0);
  const end = Math.max(to - 1, begin);
  // Texts without surrogates are cut without being taken apart.
  if (!/[\ud800-\udfff]/.test(text)) return text.slice(begin, Math.min(end, text.length));
  return Array.from(text).slice(begin, Math.min(end, text.length)).join("");
}

function wholeNumber(value: Value): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new SelectFailure("IncorrectSqlFunctionArgumentType", "An integer is needed.");
}

function compileToTimestamp(source: Getter, pattern: Getter | undefined): Getter {
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
    if (known?.pattern !== wanted) known = { pattern: wanted, read: timestampReader(wanted) };
    return known.read(needText(text));
  });
}
