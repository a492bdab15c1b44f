import type { FieldBytes } from "../evaluate/compile.ts";
import type { Getter } from "../evaluate/functions.ts";
import { SelectFailure } from "../failure.ts";
import type { Name, Path } from "../sql/ast.ts";
import { columnPath, findName } from "./columns.ts";
import { type CsvFormat, CsvScanner } from "./csv-scanner.ts";
import type { InputWindow } from "./input-window.ts";
import type { RecordReader, WholeRecord } from "./record-reader.ts";

/** USE: the first record names the columns. IGNORE: it is left out. */
export type FileHeaderInfo = "NONE" | "USE" | "IGNORE";

export interface CsvOptions extends CsvFormat {
  readonly fileHeaderInfo: FileHeaderInfo;
}

/** A part of an input: records that begin in it are read. */
export interface RecordRange {
  /** The reading begins here: in the middle of a record, unless it is 0. */
  readonly start: number;
  /** Records that begin here or later are left out. */
  readonly end: number;
}

const ALL_COLUMNS = Number.MAX_SAFE_INTEGER;

/** Records of CSV. Every field is a text; one that a record lacks is MISSING. */
export class CsvReader implements RecordReader {
  readonly coerces = true;
  readonly #window: InputWindow;
  readonly #scanner: CsvScanner;
  readonly #options: CsvOptions;
  readonly #alias: Name;
  readonly #range: RecordRange | null;
  readonly #beginning: InputWindow | null;
  /** Null: columns have numbers alone. */
  #headers: readonly string[] | null = null;
  #numbers: string[] = [];

  /** `part.beginning` is the beginning of the input, if `window` is not there: the names of the columns are in it. */
  constructor(
    window: InputWindow,
    options: CsvOptions,
    alias: Name,
    part: { readonly range: RecordRange; readonly beginning: InputWindow | null } | null,
  ) {
    this.#window = window;
    this.#scanner = new CsvScanner(window, options);
    this.#options = options;
    this.#alias = alias;
    this.#range = part?.range ?? null;
    this.#beginning = part?.beginning ?? null;
  }

  async open(): Promise<void> {
    await this.fill();
    const { fileHeaderInfo } = this.#options;
    if ((this.#range?.start ?? 0) === 0) {
      skipByteOrderMark(this.#window);
      const header = fileHeaderInfo === "NONE" ? null : await readHeader(this.#window, this.#scanner);
      if (fileHeaderInfo === "USE") this.#headers = header;
      return;
    }
    if (this.#beginning !== null && fileHeaderInfo === "USE") {
      await this.#beginning.fill();
      skipByteOrderMark(this.#beginning);
      this.#headers = await readHeader(this.#beginning, new CsvScanner(this.#beginning, this.#options));
    }
    await this.#skipCutRecord();
  }

  /** The record that a range begins in belongs to the range before. It may be long: it is passed over piece by piece. */
  async #skipCutRecord(): Promise<void> {
    while (!this.#scanner.skipLine()) if (!(await this.fill())) return;
  }

  async fill(): Promise<boolean> {
    const more = await this.#window.fill();
    this.#scanner.refresh();
    return more;
  }

  step(): boolean {
    if (this.#range !== null && this.#window.baseOffset + this.#window.at >= this.#range.end) {
      this.#window.isFinal = true;
      return false;
    }
    return this.#scanner.next();
  }

  resolve(path: Path): Getter {
    const index = this.#column(path);
    const scanner = this.#scanner;
    return () => (index < scanner.count ? scanner.text(index) : undefined);
  }

  get bytes(): FieldBytes {
    const scanner = this.#scanner;
    return {
      number: (path, integersOnly) => {
        const index = this.#column(path);
        return () => (index < scanner.count ? scanner.number(index, integersOnly) : Number.NaN);
      },
      equals: (path, text) => {
        const index = this.#column(path);
        const wanted = new TextEncoder().encode(text);
        return () => (index < scanner.count ? scanner.equals(index, wanted, text) : null);
      },
    };
  }

  needWhole(): void {
    this.#scanner.wanted = ALL_COLUMNS;
  }

  whole(): WholeRecord {
    const { count } = this.#scanner;
    for (let number = this.#numbers.length; number < count; number += 1) {
      this.#numbers.push(this.#headers?.[number] ?? `_${number + 1}`);
    }
    const values = Array.from({ length: count }, (_, index) => this.#scanner.text(index));
    return { names: this.#numbers.slice(0, count), values };
  }

  /** The position of the column that a path names. Throws MissingHeaderName, AmbiguousFieldName, InvalidColumnIndex, InvalidKeyPath. */
  #column(path: Path): number {
    const index = this.#indexOf(columnPath(path, this.#alias));
    this.#scanner.wanted = Math.max(this.#scanner.wanted, index + 1);
    return index;
  }

  #indexOf(name: Name): number {
    const named = this.#headers === null ? -1 : findName(this.#headers, name);
    if (named !== -1) return named;
    const number = /^_(\d{1,6})$/.exec(name.text)?.[1];
    if (number === undefined) throw new SelectFailure("MissingHeaderName", name.text.slice(0, 64));
    if (Number(number) === 0) throw new SelectFailure("InvalidColumnIndex");
    return Number(number) - 1;
  }
}

function skipByteOrderMark(window: InputWindow): void {
  const { bytes, end } = window;
  if (end >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) window.at = 3;
}

/** The fields of the first record; none if there is no record. */
async function readHeader(window: InputWindow, scanner: CsvScanner): Promise<readonly string[]> {
  scanner.wanted = ALL_COLUMNS;
  while (!scanner.next()) {
    if (!(await window.fill())) return [];
    scanner.refresh();
  }
  scanner.wanted = 0;
  return Array.from({ length: scanner.count }, (_, index) => scanner.text(index));
}
