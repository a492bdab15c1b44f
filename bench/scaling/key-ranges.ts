import { SeededRandom } from "../../sim/random.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { type ListEntry, type ListPosition, listObjects } from "../../src/store/read/list.ts";
import { putObject } from "../../src/store/write/write.ts";
import { openTestStore, put, type TestStore } from "../../test/support/store.ts";

// A model of what is not built: one bucket whose keys are spread over several databases by ranges (docs/scaling.md). The pages that it is
// put together from are those of the real store.

const KEYS = 20_000;
const KEYS_MAX = 2_000;
const PAGE = 1_000;
const BUCKET = "ranged";
/** Behind every key that begins with what stands before it. */
const TOP = "\uffff";

export interface KeyRangeRow {
  figure: "key-ranges";
  shape: string;
  order: "random" | "ascending";
  keys: number;
  /** That a range may have before it is split. */
  keysMax: number;
  ranges: number;
  fillPercent: number;
  /** Rows that splits have copied, for each key. */
  copiedPerKey: number;
  roundTripsPerPage: number;
  /** All common prefixes of the first level, in one page. */
  prefixes: number;
  roundTripsPerDelimiterPage: number;
}

/** Where each range begins, and its keys. A key is in the last range that begins at it or before it. */
export class RangeMap {
  readonly ranges: { from: string; keys: Set<string> }[] = [{ from: "", keys: new Set() }];
  readonly #keysMax: number;
  copiedRows = 0;

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  indexOf(key: string): number {
    let [low, high] = [0, this.ranges.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.ranges[middle] as { from: string }).from <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  add(key: string): void {
    const at = this.indexOf(key);
    const { keys } = this.ranges[at] as { keys: Set<string> };
    keys.add(key);
    if (keys.size <= this.#keysMax) return;
    const sorted = [...keys].sort();
    // Keys that come in order would leave half of every range empty behind them.
    const isAppended = at === this.ranges.length - 1 && sorted.at(-1) === key;
    const upper = sorted.slice(isAppended ? -1 : sorted.length >> 1);
    for (const moved of upper) keys.delete(moved);
    this.copiedRows += upper.length;
    this.ranges.splice(at + 1, 0, { from: upper[0] as string, keys: new Set(upper) });
  }
}

export interface RangedPage {
  entries: ListEntry[];
  next?: ListPosition;
  roundTrips: number;
}

/** A page of the bucket: from the range that it begins in, and from those after it as long as it is not full. */
async function listRanges(
  map: RangeMap,
  stores: readonly StoreContext[],
  query: { prefix: string; delimiter: string; after: ListPosition; limit: number },
): Promise<RangedPage> {
  const entries: ListEntry[] = [];
  let { after } = query;
  let roundTrips = 0;
  for (let at = map.indexOf(beginOf(after, query.prefix)); ; at = Math.max(at + 1, map.indexOf(beginOf(after, "")))) {
    const isBehind = at >= stores.length || (map.ranges[at] as { from: string }).from > query.prefix + TOP;
    if (isBehind) return { entries, roundTrips };
    if (entries.length === query.limit) return { entries, next: after, roundTrips };
    const limit = query.limit - entries.length;
    const page = await listObjects(stores[at] as StoreContext, { ...query, bucket: BUCKET, after, limit });
    roundTrips += 1;
    entries.push(...page.entries);
    if (page.next) return { entries, next: page.next, roundTrips };
    const last = page.entries.at(-1);
    // A common prefix that goes on in the next range is not shown again.
    if (last)
      after = last.kind === "prefix" ? { key: last.prefix, skipPrefix: true } : { key: last.key, skipPrefix: false };
  }
}

function beginOf({ key, skipPrefix }: ListPosition, prefix: string): string {
  const begin = skipPrefix ? key + TOP : key;
  return begin > prefix ? begin : prefix;
}

/** Spreads keys over ranges and lists them, and throws where a listing is not that of one database. */
export async function measureKeyRanges(seed: number): Promise<KeyRangeRow[]> {
  const rows: KeyRangeRow[] = [];
  for (const [shape, keyOf] of Object.entries(SHAPES)) {
    for (const order of ["random", "ascending"] as const) {
      const keys = Array.from({ length: KEYS }, (_, n) => keyOf(n)).sort();
      rows.push(await measure(shape, order, order === "random" ? shuffled(keys, new SeededRandom(seed)) : keys));
    }
  }
  return rows;
}

const digits = (n: number) => String(n).padStart(8, "0");
const SHAPES: Record<string, (n: number) => string> = {
  flat: (n) => `object-${digits(n)}`,
  "ten prefixes": (n) => `prefix-${n % 10}/${digits(n)}`,
  deep: (n) => `${n % 20}/${n % 7}/${n % 3}/${digits(n)}`,
};

async function measure(shape: string, order: KeyRangeRow["order"], keys: readonly string[]): Promise<KeyRangeRow> {
  const map = new RangeMap(KEYS_MAX);
  for (const key of keys) map.add(key);
  const rigs = await Promise.all(map.ranges.map((range) => fill([...range.keys])));
  const whole = await fill(keys);
  try {
    const stores = rigs.map(({ store }) => store);
    const flat = await compare(map, stores, whole.store, "");
    const delimited = await compare(map, stores, whole.store, "/");
    return {
      figure: "key-ranges",
      shape,
      order,
      keys: keys.length,
      keysMax: KEYS_MAX,
      ranges: map.ranges.length,
      fillPercent: Math.round((100 * keys.length) / (map.ranges.length * KEYS_MAX)),
      copiedPerKey: Math.round((100 * map.copiedRows) / keys.length) / 100,
      roundTripsPerPage: Math.round((100 * flat.roundTrips) / flat.pages) / 100,
      prefixes: delimited.entries.filter(({ kind }) => kind === "prefix").length,
      roundTripsPerDelimiterPage: Math.round((100 * delimited.roundTrips) / delimited.pages) / 100,
    };
  } finally {
    for (const rig of [...rigs, whole]) await rig.dispose();
  }
}

async function fill(keys: readonly string[]): Promise<TestStore> {
  const rig = await openTestStore();
  await createBucket(rig.store, { name: BUCKET, owner: "owner", region: "us-east-1" });
  for (const key of keys) await putObject(rig.store, put(BUCKET, key, new Uint8Array(1)));
  return rig;
}

/** All pages of both, which must have the same entries. */
async function compare(map: RangeMap, stores: readonly StoreContext[], whole: StoreContext, delimiter: string) {
  const entries: ListEntry[] = [];
  let roundTrips = 0;
  let pages = 0;
  for (let after: ListPosition | undefined = { key: "", skipPrefix: false }; after; pages++) {
    const page: RangedPage = await listRanges(map, stores, { prefix: "", delimiter, after, limit: PAGE });
    entries.push(...page.entries);
    roundTrips += page.roundTrips;
    after = page.next;
  }
  const expected: ListEntry[] = [];
  for (let after: ListPosition | undefined = { key: "", skipPrefix: false }; after; ) {
    const page = await listObjects(whole, { bucket: BUCKET, prefix: "", delimiter, after, limit: PAGE });
    expected.push(...page.entries);
    after = page.next;
  }
  const names = (list: readonly ListEntry[]) =>
    list.map((entry) => (entry.kind === "prefix" ? entry.prefix : entry.key));
  if (names(entries).join("\n") !== names(expected).join("\n"))
    throw new Error("a listing over ranges differs from that of one database");
  return { entries, roundTrips, pages };
}

function shuffled(keys: readonly string[], random: SeededRandom): string[] {
  const mixed = [...keys];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [mixed[at], mixed[other]] = [mixed[other] as string, mixed[at] as string];
  }
  return mixed;
}
