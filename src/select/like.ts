import { SelectFailure } from "./failure.ts";

/** Longest pattern: each `%` and each run between two of them takes memory. */
const PATTERN_MAX_LENGTH = 32_768;
/** Longest run between two `%` that may hold `_`: each character of a text is compared with 32 of them at a time. */
const WILD_RUN_MAX = 256;
/** Up to here the engine's own search is fast; beyond it, its worst case is not. */
const NATIVE_MAX = 64;

/** A part of a pattern between two `%`. */
interface Run {
  readonly length: number;
  /** What a character of a text costs, in units of `Work`. */
  readonly unitsPerCharacter: number;
  /** Position of the first occurrence at or after `from`; -1: none. */
  find(text: string, from: number): number;
  matchesAt(text: string, at: number): boolean;
}

export interface LikeMatcher {
  /** What a character of a text costs at the most, in units of `Work`. */
  readonly unitsPerCharacter: number;
  readonly matches: (text: string) => boolean;
}

/**
 * A matcher for LIKE: `%` is any text, `_` any one character. Its time is linear in the text for every pattern. Throws
 * EvaluatorLikePatternInvalidEscapeSequence, LikeInvalidInputs.
 */
export function likeMatcher(pattern: string, escaping: string | null): LikeMatcher {
  if (pattern.length > PATTERN_MAX_LENGTH) {
    throw new SelectFailure("LikeInvalidInputs", `A pattern is at most ${PATTERN_MAX_LENGTH} long.`);
  }
  const runs = cutPattern(pattern, escaping).map(makeRun);
  const [first, ...others] = runs as [Run, ...Run[]];
  if (others.length === 0) {
    return { unitsPerCharacter: 1, matches: (text) => text.length === first.length && first.matchesAt(text, 0) };
  }
  const last = others.pop() as Run;
  const unitsPerCharacter = others.reduce((most, run) => Math.max(most, run.unitsPerCharacter), 1);
  const matches = (text: string) => {
    const end = text.length - last.length;
    if (end < first.length || !first.matchesAt(text, 0) || !last.matchesAt(text, end)) return false;
    let at = first.length;
    for (const run of others) {
      const found = run.find(text, at);
      if (found === -1) return false;
      at = found + run.length;
      if (at > end) return false;
    }
    return true;
  };
  return { unitsPerCharacter, matches };
}

/** A character, or null for `_`. */
type Unit = string | null;

/** The runs between the `%` of a pattern. */
function cutPattern(pattern: string, escaping: string | null): Unit[][] {
  if (escaping !== null && escaping.length !== 1) throw new SelectFailure("EvaluatorLikePatternInvalidEscapeSequence");
  const runs: Unit[][] = [[]];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === escaping) {
      at += 1;
      const escaped = pattern.charAt(at);
      if (escaped !== "%" && escaped !== "_" && escaped !== escaping) {
        throw new SelectFailure("EvaluatorLikePatternInvalidEscapeSequence");
      }
      runs.at(-1)?.push(escaped);
    } else if (char === "%") runs.push([]);
    else runs.at(-1)?.push(char === "_" ? null : char);
  }
  // Several `%` are one.
  return runs.filter((run, index) => run.length > 0 || index === 0 || index === runs.length - 1);
}

function makeRun(units: Unit[]): Run {
  if (!units.every((unit) => unit !== null)) return new WildRun(units);
  return units.length <= NATIVE_MAX ? new ShortRun(units.join("")) : new LongRun(units.join(""));
}

class ShortRun implements Run {
  readonly unitsPerCharacter = 2;
  readonly #needle: string;

  constructor(needle: string) {
    this.#needle = needle;
  }

  get length(): number {
    return this.#needle.length;
  }

  find(text: string, from: number): number {
    return text.indexOf(this.#needle, from);
  }

  matchesAt(text: string, at: number): boolean {
    return text.startsWith(this.#needle, at);
  }
}

/** Searched by the algorithm of Knuth, Morris and Pratt. */
class LongRun implements Run {
  readonly unitsPerCharacter = 6;
  readonly #needle: string;
  readonly #fallback: Int32Array;

  constructor(needle: string) {
    this.#needle = needle;
    const fallback = new Int32Array(needle.length);
    for (let at = 1, matched = 0; at < needle.length; at += 1) {
      const unit = needle.charCodeAt(at);
      while (matched > 0 && unit !== needle.charCodeAt(matched)) matched = fallback[matched - 1] as number;
      if (unit === needle.charCodeAt(matched)) matched += 1;
      fallback[at] = matched;
    }
    this.#fallback = fallback;
  }

  get length(): number {
    return this.#needle.length;
  }

  find(text: string, from: number): number {
    const needle = this.#needle;
    const fallback = this.#fallback;
    let matched = 0;
    for (let at = from; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      while (matched > 0 && unit !== needle.charCodeAt(matched)) matched = fallback[matched - 1] as number;
      if (unit === needle.charCodeAt(matched)) matched += 1;
      if (matched === needle.length) return at - needle.length + 1;
    }
    return -1;
  }

  matchesAt(text: string, at: number): boolean {
    return text.startsWith(this.#needle, at);
  }
}

/** Searched by Shift-And (Baeza-Yates, Gonnet): bit i of the state says that the last i + 1 characters match the first i + 1 of the run. */
class WildRun implements Run {
  readonly length: number;
  readonly unitsPerCharacter: number;
  /** Each character as its UTF-16 unit; -1: any. */
  readonly #units: Int32Array;
  #masks: { readonly rows: Int32Array; readonly rowOf: ReadonlyMap<number, number>; readonly low: Uint16Array } | null =
    null;

  constructor(units: readonly Unit[]) {
    if (units.length > WILD_RUN_MAX) {
      throw new SelectFailure("LikeInvalidInputs", `A run with _ is at most ${WILD_RUN_MAX} long.`);
    }
    this.length = units.length;
    this.unitsPerCharacter = 4 + 3 * Math.ceil(units.length / 32);
    this.#units = Int32Array.from(units, (unit) => (unit === null ? -1 : unit.charCodeAt(0)));
  }

  matchesAt(text: string, at: number): boolean {
    if (at + this.length > text.length) return false;
    return this.#units.every((unit, index) => unit === -1 || unit === text.charCodeAt(at + index));
  }

  find(text: string, from: number): number {
    this.#masks ??= this.#makeMasks();
    const { rows, rowOf, low } = this.#masks;
    const words = Math.ceil(this.length / 32);
    const last = this.length - 1;
    const lastWord = last >> 5;
    const lastBit = last & 31;
    const state = new Int32Array(words);
    for (let at = from; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      const row = (unit < 256 ? (low[unit] as number) : (rowOf.get(unit) ?? 0)) * words;
      let carry = 1;
      for (let word = 0; word < words; word += 1) {
        const before = state[word] as number;
        state[word] = ((before << 1) | carry) & (rows[row + word] as number);
        carry = before >>> 31;
      }
      if (((state[lastWord] as number) >>> lastBit) & 1) return at - last;
    }
    return -1;
  }

  /** A row of bits for each character that the run has; row 0 is that of all others. */
  #makeMasks() {
    const words = Math.ceil(this.length / 32);
    const rowOf = new Map<number, number>();
    for (const unit of this.#units) if (unit !== -1 && !rowOf.has(unit)) rowOf.set(unit, rowOf.size + 1);
    const rows = new Int32Array((rowOf.size + 1) * words);
    this.#units.forEach((unit, index) => {
      const word = index >> 5;
      const bit = 1 << (index & 31);
      const from = unit === -1 ? 0 : (rowOf.get(unit) as number);
      const to = unit === -1 ? rowOf.size : from;
      for (let row = from; row <= to; row += 1) rows[row * words + word] = (rows[row * words + word] as number) | bit;
    });
    const low = new Uint16Array(256);
    for (const [unit, row] of rowOf) if (unit < 256) low[unit] = row;
    return { rows, rowOf, low };
  }
}
