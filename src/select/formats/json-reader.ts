import type { Getter } from "../evaluate/functions.ts";
import { SelectFailure } from "../failure.ts";
import type { Name, Path, PathStep, Source } from "../sql/ast.ts";
import { Timestamp } from "../timestamp.ts";
import type { Struct, Value } from "../value.ts";
import type { Work } from "../work.ts";
import { findName, means } from "./columns.ts";
import type { RecordRange } from "./csv-reader.ts";
import type { InputWindow } from "./input-window.ts";
import { JsonWalker } from "./json-walker.ts";
import type { RecordReader, WholeRecord } from "./record-reader.ts";

/** An integer of so many digits may not fit into a double. Digits within a text mostly have other neighbours. */
const LONG_NUMBER = /(?:^|[[:,])\s*-?\d{16,19}\s*(?:[,\]}]|$)/;
/** Characters of the longest row that is read with exact integers: the reviver takes three times the memory of JSON.parse alone, up to 69 bytes for each. */
const EXACT_ROW_MAX = 256 * 1024;
const LINE_FEED = 10;
/** What comparing a name costs, in units of `Work`. */
const NAME_UNITS = 16;

/** Rows of JSON documents, or of lines of JSON. A row is read as values when something asks for them. */
export class JsonReader implements RecordReader {
  readonly coerces = false;
  readonly #window: InputWindow;
  readonly #walker: JsonWalker;
  readonly #alias: Name;
  readonly #range: RecordRange | null;
  #row: Value = undefined;
  #isRead = false;
  /** Names of the members of `#row`, if it is a struct and they were asked for. */
  #names: readonly string[] | null = null;
  readonly #work: Work;

  /** A range is of lines: the line that it begins in is left out, unless it begins at 0. `work` counts the names that paths are compared with. */
  constructor(window: InputWindow, from: Source, range: RecordRange | null, work: Work) {
    this.#window = window;
    this.#work = work;
    this.#walker = new JsonWalker(window, from.steps);
    this.#alias = from.alias;
    this.#range = range;
  }

  async open(): Promise<void> {
    const window = this.#window;
    await window.fill();
    const { bytes, end, baseOffset } = window;
    if (baseOffset === 0 && end >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) window.at = 3;
    if ((this.#range?.start ?? 0) === 0) return;
    for (;;) {
      const found = window.bytes.indexOf(LINE_FEED, window.at);
      window.at = found === -1 || found >= window.end ? window.end : found + 1;
      if (window.at < window.end || !(await window.fill())) return;
    }
  }

  fill(): Promise<boolean> {
    return this.#window.fill();
  }

  step(): boolean {
    const window = this.#window;
    if (this.#range !== null && this.#walker.isAtRoot) {
      const { bytes, end } = window;
      while (window.at < end && (bytes[window.at] as number) <= 32) window.at += 1;
      if (window.baseOffset + window.at >= this.#range.end) {
        window.isFinal = true;
        return false;
      }
    }
    this.#isRead = false;
    return this.#walker.next();
  }

  resolve({ root, steps }: Path): Getter {
    if (steps.some(({ kind }) => kind === "anyElement" || kind === "anyMember")) {
      throw new SelectFailure("ParseInvalidContextForWildcardInSelectList");
    }
    const isRow = means(root, this.#alias.text) || root.text === "_1";
    const all: readonly PathStep[] = isRow ? steps : [{ kind: "name", name: root }, ...steps];
    return () => {
      let value: Value = this.#read();
      for (const step of all) value = this.#follow(value, step);
      return value;
    };
  }

  #follow(value: Value, step: PathStep): Value {
    if (step.kind === "index") return Array.isArray(value) ? (value as readonly Value[])[step.index] : undefined;
    if (step.kind !== "name" || !isStruct(value)) return undefined;
    const { text, quoted } = step.name;
    if (quoted) return Object.hasOwn(value, text) ? value[text] : undefined;
    const isRow = value === this.#row;
    const names = (isRow ? this.#names : null) ?? Object.keys(value);
    if (isRow) this.#names = names;
    this.#work.spend(names.length * NAME_UNITS);
    const found = findName(names, step.name);
    return found === -1 ? undefined : value[names[found] as string];
  }

  needWhole(): void {}

  whole(): WholeRecord {
    const row = this.#read();
    if (row === undefined) return { names: [], values: [] };
    if (!isStruct(row)) return { names: ["_1"], values: [row] };
    return { names: Object.keys(row), values: Object.values(row) };
  }

  wholeJson(): string | null {
    const text = this.#walker.row;
    if (text === undefined || !text.startsWith("{") || /[\r\n]/.test(text)) return null;
    // Nothing is passed on that is no JSON.
    this.#read();
    return text;
  }

  #read(): Value {
    if (this.#isRead) return this.#row;
    const text = this.#walker.row;
    this.#row = text === undefined ? undefined : parseRow(text);
    this.#names = null;
    this.#isRead = true;
    return this.#row;
  }
}

/** Whether a value has members. */
function isStruct(value: Value): value is Struct {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Timestamp);
}

function parseRow(text: string): Value {
  try {
    if (!LONG_NUMBER.test(text)) return JSON.parse(text) as Value;
    if (text.length > EXACT_ROW_MAX) {
      throw new SelectFailure("OverMaxRecordSize", "A row with integers of 16 digits or more is longer than 256 KiB.");
    }
    return JSON.parse(text, exactNumber as (key: string) => unknown) as Value;
  } catch (cause) {
    if (cause instanceof SelectFailure) throw cause;
    throw new SelectFailure("JSONParsingError", undefined, { cause });
  }
}

/** A reviver (ECMAScript 2026, "JSON.parse source text access") that keeps integers of up to 64 bits exact. */
function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  if (source === undefined || !/^-?\d{1,19}$/.test(source)) return value;
  const exact = BigInt(source);
  return BigInt.asIntN(64, exact) === exact ? exact : value;
}
