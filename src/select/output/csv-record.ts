import { textOf, type Value } from "../value.ts";
import { jsonText } from "./json-text.ts";

export interface CsvOutput {
  readonly quoteFields: "ALWAYS" | "ASNEEDED";
  readonly recordDelimiter: string;
  readonly fieldDelimiter: string;
  readonly quote: string;
  readonly quoteEscape: string;
}

/** A value as a field. NULL and MISSING are empty; lists and structs are JSON. */
export function csvText(value: Value, format: CsvOutput): string {
  const text = textOf(value);
  return csvField(text === undefined ? jsonText(value) : (text ?? ""), format);
}

function csvField(text: string, format: CsvOutput): string {
  const { quote, quoteEscape } = format;
  if (format.quoteFields === "ASNEEDED" && !needsQuotes(text, format)) return text;
  if (quote === "") return text;
  // The escape character itself is escaped too, or it would swallow what follows.
  const escaped = quoteEscape === quote ? text : text.replaceAll(quoteEscape, quoteEscape + quoteEscape);
  return quote + escaped.replaceAll(quote, quoteEscape + quote) + quote;
}

function needsQuotes(text: string, { recordDelimiter, fieldDelimiter, quote }: CsvOutput): boolean {
  return (
    text.includes(fieldDelimiter) ||
    (quote !== "" && text.includes(quote)) ||
    text.includes(recordDelimiter) ||
    text.includes("\n") ||
    text.includes("\r")
  );
}
