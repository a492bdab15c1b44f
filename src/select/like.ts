import { SelectFailure } from "./failure.ts";

/** Longest run between two `%` that may hold `_`: each character of a text is compared with 32 of them at a time. */
const WILD_RUN_MAX = 1_024;
/** Up to here the engine's own search is fast; beyond it, its worst case is not. */
const NATIVE_MAX = 64;

type Find = (text: readonly string[] | string, from: number) => number;
interface Run {
  readonly length: number;
  /** Position of the first occurrence at or after `from`; -1: none. */
  readonly find: Find;
  readonly matchesAt: (text: string, at: number) => boolean;
}

/**
 * A matcher for LIKE: `%` is any text, `_` any one character. Its time is linear in the text for every pattern. Throws
 * EvaluatorLikePatternInvalidEscapeSequence, LikeInvalidInputs.
 */
export function likeMatcher(pattern: string, escaping: string | null): (text: string) => boolean {
  const runs = cutPattern(pattern, escaping).map(makeRun);
  const [first, ...others] = runs as [Run, ...Run[]];
  if (others.length === 0) return (text) => text.length === first.length && first.matchesAt(text, 0);
  const last = others.pop() as Run;
  return (text) => {
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
  const { length } = units;
  if (units.every((unit) => unit !== null)) {
    const needle = units.join("");
    const find: Find =
      length <= NATIVE_MAX ? (text, from) => (text as string).indexOf(needle, from) : knuthMorrisPratt(needle);
    return { length, find, matchesAt: (text, at) => text.startsWith(needle, at) };
  }
  if (length > WILD_RUN_MAX)
    throw new SelectFailure("LikeInvalidInputs", `A run with _ is at most ${WILD_RUN_MAX} long.`);
  const matchesAt = (text: string, at: number) =>
    at + length <= text.length && units.every((unit, index) => unit === null || unit === text.charAt(at + index));
  return { length, find: shiftAnd(units), matchesAt };
}

function knuthMorrisPratt(needle: string): Find {
  const fallback = new Int32Array(needle.length);
  for (let at = 1, matched = 0; at < needle.length; at += 1) {
    while (matched > 0 && needle[at] !== needle[matched]) matched = fallback[matched - 1] as number;
    if (needle[at] === needle[matched]) matched += 1;
    fallback[at] = matched;
  }
  return (text, from) => {
    let matched = 0;
    for (let at = from; at < text.length; at += 1) {
      while (matched > 0 && text[at] !== needle[matched]) matched = fallback[matched - 1] as number;
      if (text[at] === needle[matched]) matched += 1;
      if (matched === needle.length) return at - needle.length + 1;
    }
    return -1;
  };
}

/** Shift-And (Baeza-Yates, Gonnet): bit i of the state says that the last i + 1 characters match the first i + 1 of the run. */
function shiftAnd(units: Unit[]): Find {
  const words = Math.ceil(units.length / 32);
  const anywhere = new Uint32Array(words);
  const masks = new Map<string, Uint32Array>();
  units.forEach((unit, index) => {
    const bit = 1 << (index & 31);
    const word = index >> 5;
    if (unit === null) {
      anywhere[word] = (anywhere[word] as number) | bit;
      return;
    }
    const mask = masks.get(unit) ?? masks.set(unit, new Uint32Array(words)).get(unit);
    if (mask) mask[word] = (mask[word] as number) | bit;
  });
  const last = units.length - 1;
  return (text, from) => {
    const state = new Uint32Array(words);
    for (let at = from; at < text.length; at += 1) {
      const mask = masks.get(text[at] as string);
      let carry = 1;
      for (let word = 0; word < words; word += 1) {
        const before = state[word] as number;
        state[word] = ((before << 1) | carry) & ((mask?.[word] ?? 0) | (anywhere[word] as number));
        carry = before >>> 31;
      }
      if (((state[last >> 5] as number) >>> (last & 31)) & 1) return at - last;
    }
    return -1;
  };
}
