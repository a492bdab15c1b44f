/**
 * Keys from `lo` on and before `hi` (null: to the end), compared by code points, which is the order of UTF-8 bytes. Keys hold no
 * U+0000.
 */
export interface KeyRange {
  readonly lo: string;
  readonly hi: string | null;
}

export const EVERY_KEY: readonly KeyRange[] = [{ lo: "", hi: null }];

/** By code points: JavaScript's own order is that of UTF-16 units, in which U+E000 comes behind U+10000. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    if (a.charCodeAt(at) === b.charCodeAt(at)) continue;
    return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
  }
  return a.length - b.length;
}

/** Surrogates stand for the characters beyond U+FFFF: they come behind all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** All keys that begin with `prefix`. */
export function prefixRange(prefix: string): KeyRange {
  return { lo: prefix, hi: afterPrefix(prefix) };
}

/** The one key. */
export function keyRange(key: string): KeyRange {
  return { lo: key, hi: `${key}\u0001` };
}

function afterPrefix(prefix: string): string | null {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const code = last.codePointAt(0) as number;
    if (code < 0x10ffff) return points.join("") + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1);
  }
  return null;
}

function isEmpty({ lo, hi }: KeyRange): boolean {
  return hi !== null && compareKeys(lo, hi) >= 0;
}

/** In order, without overlap. */
export function unite(ranges: readonly KeyRange[]): KeyRange[] {
  const sorted = ranges.filter((range) => !isEmpty(range)).sort((a, b) => compareKeys(a.lo, b.lo));
  const united: KeyRange[] = [];
  for (const range of sorted) {
    const last = united.at(-1);
    if (last === undefined || (last.hi !== null && compareKeys(last.hi, range.lo) < 0)) united.push(range);
    else united[united.length - 1] = { lo: last.lo, hi: later(last.hi, range.hi) };
  }
  return united;
}

/** What is in both; each is in order and without overlap. */
export function intersect(a: readonly KeyRange[], b: readonly KeyRange[]): KeyRange[] {
  const found: KeyRange[] = [];
  for (const one of a) {
    for (const other of b) {
      const lo = compareKeys(one.lo, other.lo) >= 0 ? one.lo : other.lo;
      const range = { lo, hi: earlier(one.hi, other.hi) };
      if (!isEmpty(range)) found.push(range);
    }
  }
  return found;
}

export function isEveryKey(ranges: readonly KeyRange[]): boolean {
  return ranges.length === 1 && ranges[0]?.lo === "" && ranges[0].hi === null;
}

export function contains(ranges: readonly KeyRange[], key: string): boolean {
  return ranges.some(({ lo, hi }) => compareKeys(lo, key) <= 0 && (hi === null || compareKeys(key, hi) < 0));
}

/** Whether all of `inner` is in `outer`. */
export function covers(outer: readonly KeyRange[], inner: readonly KeyRange[]): boolean {
  return JSON.stringify(intersect(unite(outer), inner)) === JSON.stringify(unite(inner));
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return compareKeys(a, b) <= 0 ? a : b;
}

function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null;
  return compareKeys(a, b) >= 0 ? a : b;
}
