import { SelectFailure } from "../failure.ts";
import type { Value } from "../value.ts";
import { type CsvOutput, csvText } from "./csv-record.ts";
import { memberText } from "./json-text.ts";

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
  /** The record that is being written, and how many columns it has. */
  #record = "";
  #columns = 0;

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

  /** Adds a column to the record that is being written. Throws OverMaxRecordSize as soon as it is too long. */
  add(name: string, value: Value): void {
    const format = this.#format;
    if (format.kind === "csv") {
      this.#record += (this.#columns === 0 ? "" : format.fieldDelimiter) + csvText(value, format);
      this.#columns += 1;
    } else if (value !== undefined) {
      this.#record += `${this.#columns === 0 ? "" : ","}${memberText(name, value)}`;
      this.#columns += 1;
    }
    requireLength(this.#record);
  }

  /** Ends the record whose columns were added. */
  end(): void {
    const record = this.#format.kind === "csv" ? this.#record : `{${this.#record}}`;
    this.#record = "";
    this.#columns = 0;
    this.writeText(record);
  }

  /** A record that is text already. */
  writeText(record: string): void {
    requireLength(record);
    this.#text += record + this.#format.recordDelimiter;
  }

  take(): Uint8Array {
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    return bytes;
  }
}

function requireLength(record: string): void {
  if (record.length > RECORD_MAX_LENGTH) throw new SelectFailure("OverMaxRecordSize");
}
