import { textOf, type Value } from "../value.ts";
import { jsonText } from "./json-text.ts";

export interface CsvOutput {
  readonly quoteFields: "ALWAYS" | "ASNEEDED";
  readonly recordDelimiter: string;
  readonly fieldDelimiter: string;
  readonly quote: string;
  readonly quoteEscape: string;
}

/** A record without its delimiter. NULL and MISSING are empty; lists and structs are JSON. */
export function csvRecord(values: readonly Value[], format: CsvOutput): string {
  let record = "";
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) record += format.fieldDelimiter;
    const value = values[index];
    const text = textOf(value);
    record += csvField(text === undefined ? jsonText(value) : (text ?? ""), format);
  }
  return record;
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
