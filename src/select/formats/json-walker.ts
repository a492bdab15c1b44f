import { SelectFailure } from "../failure.ts";
import type { PathStep } from "../sql/ast.ts";
import { means } from "./columns.ts";
import { decodeText, type InputWindow, RECORD_MAX_BYTES } from "./input-window.ts";

/** Deeper than any document that people write. */
const DEPTH_MAX = 500;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** A container that the path leads into. */
interface Frame {
  readonly isObject: boolean;
  /** The step that chooses among its members. */
  readonly step: PathStep;
  readonly depth: number;
  index: number;
  isEmpty: boolean;
  matched: boolean;
  /** Object: a key or its value is next; both: after a value, a comma or the end. */
  expects: "key" | "value" | "next";
}

/** Where the current value ends is being looked for: how far that came. */
interface Extent {
  /** Bytes of the value that were looked at. */
  length: number;
  depth: number;
  inString: boolean;
  isEscaped: boolean;
  readonly isScalar: boolean;
}

/**
 * Finds the rows of a FROM clause in JSON, however large the document is: values that stand one after another, and in them those that a path leads to.
 * Whatever lies beside the path is passed over and only looked at as far as its end is found. Where the path leads nowhere, a row is MISSING.
 */
export class JsonWalker {
  /** The current row as text; undefined: MISSING. */
  row: string | undefined = undefined;
  readonly #window: InputWindow;
  readonly #steps: readonly PathStep[];
  readonly #frames: Frame[] = [];
  #extent: Extent | null = null;
  /** Whether the value of `#extent` is a row, or is passed over. */
  #captures = false;

  constructor(window: InputWindow, steps: readonly PathStep[]) {
    this.#window = window;
    this.#steps = steps;
  }

  /** Between two values of the top level. */
  get isAtRoot(): boolean {
    return this.#frames.length === 0 && this.#extent === null;
  }

  /** Moves to the next row in the window. False if it needs more bytes, or nothing is left. Throws JSONParsingError, OverMaxRecordSize. */
  next(): boolean {
    for (;;) {
      if (this.#extent !== null) {
        const captures = this.#captures;
        if (!this.#findEnd(this.#extent)) return false;
        this.#extent = null;
        this.#afterValue();
        if (captures) return true;
        continue;
      }
      if (!this.#skipBlanks()) {
        if (this.#window.isFinal && this.#frames.length > 0) throw malformed();
        return false;
      }
      const frame = this.#frames.at(-1);
      if (frame === undefined) {
        if (this.#beginValue(0)) return true;
      } else {
        const moved = this.#walk(frame);
        if (moved === "more") return false;
        if (moved === "row") return true;
      }
    }
  }

  /** One move within a container. */
  #walk(frame: Frame): "moved" | "more" | "row" {
    const window = this.#window;
    const byte = window.bytes[window.at];
    if (byte === (frame.isObject ? CLOSE_OBJECT : CLOSE_LIST)) {
      if (frame.expects !== "next" && !frame.isEmpty) throw malformed();
      window.at += 1;
      this.#frames.pop();
      this.#afterValue();
      return frame.matched ? "moved" : this.#missing();
    }
    if (frame.expects === "next") {
      if (byte !== COMMA) throw malformed();
      window.at += 1;
      frame.expects = frame.isObject ? "key" : "value";
      return "moved";
    }
    frame.isEmpty = false;
    if (frame.expects === "value") return this.#element(frame);
    if (byte !== QUOTE) throw malformed();
    const key = this.#readKey();
    if (key === null) return this.#needMore();
    frame.expects = "next";
    const { step } = frame;
    if (step.kind === "name" && !means(step.name, key)) return this.#pass();
    if (step.kind === "name" && frame.matched)
      throw new SelectFailure("AmbiguousFieldName", step.name.text.slice(0, 64));
    frame.matched = true;
    return this.#beginValue(frame.depth + 1) ? "row" : "moved";
  }

  #element(frame: Frame): "moved" | "row" {
    const { step, index } = frame;
    frame.expects = "next";
    frame.index += 1;
    if (step.kind === "index" && step.index !== index) return this.#pass();
    frame.matched = true;
    return this.#beginValue(frame.depth + 1) ? "row" : "moved";
  }

  #pass(): "moved" {
    this.#captures = false;
    this.#extent = extentOf(this.#window.bytes[this.#window.at]);
    return "moved";
  }

  #missing(): "row" {
    this.row = undefined;
    return "row";
  }

  #needMore(): "more" {
    if (this.#window.isFinal) throw malformed();
    return "more";
  }

  #afterValue(): void {
    const frame = this.#frames.at(-1);
    if (frame !== undefined) frame.expects = "next";
  }

  /** A value begins to which the first `depth` steps led. True if it is a row at once: MISSING, before the value is passed over. */
  #beginValue(depth: number): boolean {
    const byte = this.#window.bytes[this.#window.at];
    const step = this.#steps[depth];
    if (step === undefined) {
      this.#captures = true;
      this.#extent = extentOf(byte);
      return false;
    }
    const isObject = step.kind === "name" || step.kind === "anyMember";
    if (byte !== (isObject ? OPEN_OBJECT : OPEN_LIST)) {
      this.#pass();
      this.row = undefined;
      return true;
    }
    this.#window.at += 1;
    const expects = isObject ? "key" : "value";
    this.#frames.push({ isObject, step, depth, index: 0, isEmpty: true, matched: false, expects });
    return false;
  }

  /** True if something other than white space is at the window's beginning. */
  #skipBlanks(): boolean {
    const window = this.#window;
    const { bytes, end } = window;
    let { at } = window;
    while (at < end && isBlank(bytes[at] as number)) at += 1;
    window.at = at;
    return at < end;
  }

  /** The key and its colon, taken out of the window; null if they are not whole there. */
  #readKey(): string | null {
    const window = this.#window;
    const { bytes, end } = window;
    let at = window.at + 1;
    while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    if (at >= end) return null;
    let after = at + 1;
    while (after < end && isBlank(bytes[after] as number)) after += 1;
    let value = after + 1;
    while (value < end && isBlank(bytes[value] as number)) value += 1;
    if (value >= end) return null;
    if (bytes[after] !== COLON) throw malformed();
    const key = parseText(decodeText(bytes, window.at, at + 1));
    window.at = value;
    return String(key);
  }

  /** Looks on for the end of the current value. What is passed over leaves the window; a row stays in it until it is whole. */
  #findEnd(extent: Extent): boolean {
    const window = this.#window;
    const isWhole = extent.isScalar ? this.#endScalar(extent) : this.#endNested(extent);
    if (isWhole || (extent.isScalar && window.isFinal)) {
      if (extent.length > RECORD_MAX_BYTES && this.#captures) throw new SelectFailure("OverMaxRecordSize");
      if (this.#captures) this.row = decodeText(window.bytes, window.at, window.at + extent.length);
      window.at += extent.length;
      return true;
    }
    if (window.isFinal) throw malformed();
    if (!this.#captures) {
      window.at += extent.length;
      extent.length = 0;
    }
    return false;
  }

  #endScalar(extent: Extent): boolean {
    const { bytes, end, at: begin } = this.#window;
    for (let at = begin + extent.length; at < end; at += 1) {
      const byte = bytes[at] as number;
      const isEnd = byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || isBlank(byte);
      if (!isEnd) continue;
      extent.length = at - begin;
      if (extent.length === 0) throw malformed();
      return true;
    }
    extent.length = end - begin;
    return false;
  }

  #endNested(extent: Extent): boolean {
    const { bytes, end, at: begin } = this.#window;
    let { depth, inString, isEscaped } = extent;
    for (let at = begin + extent.length; at < end; at += 1) {
      const byte = bytes[at];
      if (inString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) inString = false;
        else continue;
        if (inString) continue;
      } else if (byte === QUOTE) {
        inString = true;
        continue;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        depth += 1;
        if (depth > DEPTH_MAX) throw malformed();
        continue;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth -= 1;
      else continue;
      if (depth === 0) {
        extent.length = at + 1 - begin;
        return true;
      }
    }
    Object.assign(extent, { length: end - begin, depth, inString, isEscaped });
    return false;
  }
}

function extentOf(byte: number | undefined): Extent {
  const isScalar = byte !== QUOTE && byte !== OPEN_OBJECT && byte !== OPEN_LIST;
  return { length: 0, depth: 0, inString: false, isEscaped: false, isScalar };
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

function malformed(): SelectFailure {
  return new SelectFailure("JSONParsingError");
}

/** A JSON text as a value. Throws JSONParsingError. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SelectFailure("JSONParsingError", undefined, { cause });
  }
}
