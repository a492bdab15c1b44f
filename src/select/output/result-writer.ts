import { SelectFailure } from "../failure.ts";
import type { Value } from "../value.ts";
import { type CsvOutput, csvRecord } from "./csv-record.ts";
import { objectText } from "./json-text.ts";

/** How records are written. */
export type OutputFormat =
  | ({ readonly kind: "csv" } & CsvOutput)
  | { readonly kind: "json"; readonly recordDelimiter: string };

/** Longest record that is returned, as at AWS. */
const RECORD_MAX_LENGTH = 1024 * 1024;

const encoder = new TextEncoder();

/** Collects records as text until they are taken. */
export class ResultWriter {
  readonly #format: OutputFormat;
  #text = "";

  constructor(format: OutputFormat) {
    this.#format = format;
  }

  get isJson(): boolean {
    return this.#format.kind === "json";
  }

  /** In UTF-16 units: bytes are at most three times as many. */
  get length(): number {
    return this.#text.length;
  }

  write(names: readonly string[], values: readonly Value[]): void {
    const format = this.#format;
    this.writeText(format.kind === "csv" ? csvRecord(values, format) : objectText(names, values));
  }

  /** A record that is text already. */
  writeText(record: string): void {
    if (record.length > RECORD_MAX_LENGTH) throw new SelectFailure("OverMaxRecordSize");
    this.#text += record + this.#format.recordDelimiter;
  }

  take(): Uint8Array {
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    return bytes;
  }
}
