import { SelectFailure } from "../failure.ts";
import { decodeText, type InputWindow, RECORD_MAX_BYTES } from "./input-window.ts";

/** What separates records and fields; texts of one or more characters. */
export interface CsvFormat {
  readonly recordDelimiter: string;
  readonly fieldDelimiter: string;
  /** Null: fields are never quoted. */
  readonly quote: string | null;
  readonly quoteEscape: string;
  /** Records that begin with it are left out; null: none are. */
  readonly comments: string | null;
  readonly allowsQuotedRecordDelimiters: boolean;
}

const COLUMNS_MAX = 16_384;
const CR = 13;
const LONG_FIELD_BYTES = 256;
const IS_QUOTED = 1;
const HAS_ESCAPES = 2;

const encoder = new TextEncoder();

/**
 * Finds the fields of records in bytes. It looks at every byte once, decodes nothing, and keeps the places of the first `wanted` fields alone. A
 * record delimiter of `\n` takes a `\r` before it along; empty records are left out.
 */
export class CsvScanner {
  /** How many fields of a record are kept. */
  wanted = 0;
  /** How many were kept of the current record. */
  count = 0;
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #flags = new Uint8Array(64);
  /** Long fields of the current record that were asked for, so that a query that names them often decodes them once. */
  readonly #longTexts = new Map<number, string>();
  /** No quote lies between where this was found out and here. */
  #nextQuote = -1;
  /** No record delimiter lies before the quote here, as far as is known. */
  #quotedUpTo = -1;
  readonly #window: InputWindow;
  readonly #record: Uint8Array;
  readonly #field: Uint8Array;
  readonly #recordByte: number;
  readonly #fieldByte: number;
  /** Each delimiter is one byte. */
  readonly #isPlain: boolean;
  readonly #quote: number;
  readonly #escape: number;
  readonly #comment: number;
  readonly #takesCr: boolean;
  readonly #allowsQuotedDelimiters: boolean;

  constructor(window: InputWindow, format: CsvFormat) {
    this.#window = window;
    this.#record = encoder.encode(format.recordDelimiter);
    this.#field = encoder.encode(format.fieldDelimiter);
    this.#recordByte = this.#record[0] as number;
    this.#fieldByte = this.#field[0] as number;
    this.#isPlain = this.#record.length === 1 && this.#field.length === 1;
    this.#quote = byteOf(format.quote);
    this.#escape = byteOf(format.quoteEscape);
    this.#comment = byteOf(format.comments);
    this.#takesCr = format.recordDelimiter === "\n";
    this.#allowsQuotedDelimiters = format.allowsQuotedRecordDelimiters;
  }

  /** To be called whenever the window was filled. */
  refresh(): void {
    this.#nextQuote = -1;
    this.#quotedUpTo = -1;
  }

  /** Moves on to the next record in the window. False if none is whole there. Throws the CSV… failures, OverMaxRecordSize, OverMaxColumn. */
  next(): boolean {
    const window = this.#window;
    if (this.#longTexts.size > 0) this.#longTexts.clear();
    while (window.at < window.end) {
      const begin = window.at;
      const isComment = window.bytes[begin] === this.#comment;
      const after = isComment ? this.#endOfLine(begin) : this.#scan(begin);
      if (after === -1) return false;
      if (after - begin > RECORD_MAX_BYTES) throw new SelectFailure("OverMaxRecordSize");
      window.at = after;
      if (!isComment && !this.#isBlank(begin)) return true;
    }
    return false;
  }

  /** Moves behind the first record delimiter at or after `at`. False if there is none in the window. */
  skipLine(): boolean {
    const after = this.#endOfLine(this.#window.at);
    this.#window.at = after === -1 ? this.#window.end : after;
    return after !== -1;
  }

  text(index: number): string {
    const from = this.#starts[index] as number;
    const to = this.#ends[index] as number;
    if (to - from < LONG_FIELD_BYTES) return this.#decode(index, from, to);
    const known = this.#longTexts.get(index);
    if (known !== undefined) return known;
    const text = this.#decode(index, from, to);
    this.#longTexts.set(index, text);
    return text;
  }

  #decode(index: number, from: number, to: number): string {
    const text = decodeText(this.#window.bytes, from, to);
    return this.#flags[index] === (IS_QUOTED | HAS_ESCAPES) ? this.#unescaped(text) : text;
  }

  /** Whether the field is these bytes. */
  equals(index: number, wanted: Uint8Array, text: string): boolean {
    if (((this.#flags[index] as number) & HAS_ESCAPES) !== 0) return this.text(index) === text;
    const from = this.#starts[index] as number;
    if ((this.#ends[index] as number) - from !== wanted.length) return false;
    const { bytes } = this.#window;
    for (let at = 0; at < wanted.length; at += 1) if (bytes[from + at] !== wanted[at]) return false;
    return true;
  }

  /** A plain decimal number of up to 15 digits; NaN: it is something else, or needs care. */
  number(index: number, integersOnly: boolean): number {
    const { bytes } = this.#window;
    const to = this.#ends[index] as number;
    let at = this.#starts[index] as number;
    const isNegative = bytes[at] === 45;
    if (isNegative) at += 1;
    if (to - at > 16 || at >= to) return Number.NaN;
    let digits = 0;
    let scale = 0;
    let count = 0;
    for (; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (byte === 46 && scale === 0 && !integersOnly && count > 0) {
        scale = 1;
        continue;
      }
      if (byte < 48 || byte > 57) return Number.NaN;
      digits = digits * 10 + byte - 48;
      scale *= 10;
      count += 1;
    }
    if (count > 15) return Number.NaN;
    const size = scale > 1 ? digits / scale : digits;
    return isNegative ? 0 - size : size;
  }

  /** Where the record after this one begins; -1 if the window ends before. */
  #scan(begin: number): number {
    const { bytes, end, isFinal } = this.#window;
    const field = this.#fieldByte;
    const record = this.#recordByte;
    const isPlain = this.#isPlain;
    const quote = this.#quote;
    // Every loop ends here at the latest.
    bytes[end] = record;
    let at = begin;
    this.count = 0;
    for (;;) {
      if (this.count >= this.wanted && this.#hasNoQuotes(at)) return this.#endOfLine(at);
      let from = at;
      let to: number;
      let flags = 0;
      if (bytes[at] === quote && at < end) {
        flags = this.#endOfQuoted(at);
        if (flags === -1) return -1;
        from += 1;
        to = this.#quotedEnd;
        at = to + 1;
        if (this.#takesCr && bytes[at] === CR && (at + 1 < end ? bytes[at + 1] === record : isFinal)) at += 1;
      } else {
        for (;;) {
          let byte = bytes[at];
          while (byte !== field && byte !== record) {
            at += 1;
            byte = bytes[at];
          }
          if (isPlain || at >= end || this.#delimiterAt(at) !== 0) break;
          if (this.#delimiterIsCut(at)) return -1;
          at += 1;
        }
        to = at;
      }
      if (at >= end && !isFinal) return -1;
      if (this.count < this.wanted) this.#keep(from, to, flags);
      if (at >= end) return this.#finish(end, end);
      const delimiter = isPlain ? (bytes[at] === field ? 1 : bytes[at] === record ? 2 : 0) : this.#delimiterAt(at);
      if (delimiter === 0) {
        if (!isPlain && this.#delimiterIsCut(at)) return -1;
        throw new SelectFailure("CSVUnescapedQuote");
      }
      if (delimiter === 2) return this.#finish(at, at + this.#record.length);
      at += this.#field.length;
    }
  }

  #quotedEnd = 0;

  /** Finds the closing quote of the field whose opening one is at `begin`. Returns its flags, or -1 if the window ends before. */
  #endOfQuoted(begin: number): number {
    const { bytes, end, isFinal } = this.#window;
    const quote = this.#quote;
    const escaping = this.#escape;
    const record = this.#recordByte;
    let flags = IS_QUOTED;
    let at = begin + 1;
    for (; at < end; at += 1) {
      const byte = bytes[at];
      if (byte === escaping && (escaping !== quote || (at + 1 < end && bytes[at + 1] === quote))) {
        if (at + 1 >= end) break;
        flags |= HAS_ESCAPES;
        at += 1;
      } else if (byte === quote) {
        // Whether the next byte doubles it, or ends the record, is known when it is there.
        if (at + 2 >= end && !isFinal) return -1;
        this.#quotedEnd = at;
        return flags;
      } else if (byte === record && !this.#allowsQuotedDelimiters && this.#delimiterAt(at) === 2) {
        throw new SelectFailure("CSVEscapingRecordDelimiter");
      }
    }
    if (!isFinal) return -1;
    throw new SelectFailure("CSVUnescapedQuote");
  }

  /** Whether quotes need not be looked for in the rest of the record: there is none before the next delimiter. */
  #hasNoQuotes(at: number): boolean {
    if (this.#nextQuote >= this.#window.end || this.#quote === -1) return true;
    if (at <= this.#quotedUpTo) return false;
    const { bytes, end } = this.#window;
    if (this.#nextQuote < at) {
      const found = bytes.indexOf(this.#quote, at);
      this.#nextQuote = found === -1 || found >= end ? end : found;
    }
    if (this.#nextQuote >= end) return true;
    const record = this.#recordByte;
    for (let to = at; to < this.#nextQuote; to += 1) if (bytes[to] === record) return true;
    this.#quotedUpTo = this.#nextQuote;
    return false;
  }

  /** Behind the first record delimiter at or after `from`; -1 if the window ends before. */
  #endOfLine(from: number): number {
    const { bytes, end, isFinal } = this.#window;
    const record = this.#recordByte;
    bytes[end] = record;
    let at = from;
    while (bytes[at] !== record) at += 1;
    if (at < end && this.#isPlain) return at + 1;
    for (; ; at += 1) {
      while (bytes[at] !== record) at += 1;
      if (at >= end) return isFinal ? end : -1;
      if (this.#record.length === 1 || this.#delimiterAt(at) === 2) return at + this.#record.length;
      if (this.#delimiterIsCut(at)) return -1;
    }
  }

  /** 1: a field delimiter is at `at`, 2: a record delimiter, 0: neither. */
  #delimiterAt(at: number): 0 | 1 | 2 {
    if (this.#isAt(at, this.#record)) return 2;
    return this.#isAt(at, this.#field) ? 1 : 0;
  }

  #isAt(at: number, delimiter: Uint8Array): boolean {
    const { bytes, end } = this.#window;
    if (at + delimiter.length > end) return false;
    for (let index = 0; index < delimiter.length; index += 1) if (bytes[at + index] !== delimiter[index]) return false;
    return true;
  }

  /** Whether a delimiter may begin at `at` and end beyond the window. */
  #delimiterIsCut(at: number): boolean {
    const { end, isFinal } = this.#window;
    return !isFinal && at + Math.max(this.#record.length, this.#field.length) > end;
  }

  #keep(from: number, to: number, flags: number): void {
    const index = this.count;
    if (index === this.#starts.length) this.#grow();
    this.#starts[index] = from;
    this.#ends[index] = to;
    this.#flags[index] = flags;
    this.count = index + 1;
  }

  #grow(): void {
    const size = this.#starts.length * 2;
    if (size > COLUMNS_MAX) throw new SelectFailure("OverMaxColumn");
    const grown = <T extends Int32Array | Uint8Array>(larger: T, old: T): T => {
      larger.set(old);
      return larger;
    };
    this.#starts = grown(new Int32Array(size), this.#starts);
    this.#ends = grown(new Int32Array(size), this.#ends);
    this.#flags = grown(new Uint8Array(size), this.#flags);
  }

  /** The last field of a record ends at `at`; the `\r` of a `\r\n` is none of its bytes. */
  #finish(at: number, after: number): number {
    const last = this.count - 1;
    const isLast = last >= 0 && this.#ends[last] === at && this.#flags[last] === 0;
    if (this.#takesCr && isLast && at > (this.#starts[last] as number) && this.#window.bytes[at - 1] === CR) {
      this.#ends[last] = at - 1;
    }
    return after;
  }

  #isBlank(begin: number): boolean {
    const { bytes, at } = this.#window;
    let length = at - begin;
    if (length > this.#record.length + 1) return false;
    if (this.#isAt(at - this.#record.length, this.#record)) length -= this.#record.length;
    return length === 0 || (length === 1 && this.#takesCr && bytes[begin] === CR);
  }

  #unescaped(text: string): string {
    const escaping = String.fromCharCode(this.#escape);
    const parts: string[] = [];
    let from = 0;
    for (let at = text.indexOf(escaping); at !== -1; at = text.indexOf(escaping, at + 2)) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    parts.push(text.slice(from));
    return parts.join("");
  }
}

/** The byte of a character of ASCII; -1 for none, which no byte equals. */
function byteOf(char: string | null): number {
  return char === null || char === "" ? -1 : char.charCodeAt(0);
}
