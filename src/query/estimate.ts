import { TABLES } from "../metadata/query/catalog.ts";
import type { PlanRow } from "../metadata/query/queries.ts";
import { TEXT_FIELD } from "../metadata/query/search-source.ts";
import { aliasOf } from "../metadata/query/views.ts";
import type { CompiledQuery, ScopedUse } from "./compile.ts";
import type { RenderedCost } from "./render-select.ts";

/** What a plan will cost. */
export interface Estimate {
  /** Rows that will be read: mostly a bound, because conditions leave rows out. See `EQUAL_ROWS`. */
  readonly rows: number;
  /** Every table is read through its bucket's id, so that no row is visited which the caller may not see. */
  readonly isProven: boolean;
}

/** S3's bound of tags; more user metadata than most objects have; shards of a blob and parts of an upload, roughly. */
const TAGS_PER_OBJECT = 10;
const PAIRS: Readonly<Record<string, number>> = { tags: TAGS_PER_OBJECT, metadata: 10, shards: 20, parts: 1_000 };
/** Whether an object has a word takes as long as reading this many rows, roughly. */
const MATCH_ROWS = 10;
/** Operations that make texts longer; each that follows makes a row cost twice as much. */
const GROWTH_ALLOWED = 6;

/**
 * Rows that share a value, where SQLite makes an index for a join on the way: so many times the root of all. If all rows share one, a join that
 * is estimated at a million rows reads five million.
 */
const EQUAL_ROWS = 10;

interface Nest {
  /** Rows that are read. */
  cost: number;
  /** Rows that come out. */
  rows: number;
}

/**
 * Reads SQLite's plan. Loops within one another multiply; what is inside a correlated subquery is counted for each row around it. No condition is
 * taken to leave anything out, but for those that name a row by its key. `counts`: rows in the scopes of each place, by its number.
 */
export function estimate(
  plan: readonly PlanRow[],
  query: Pick<CompiledQuery, "uses" | "growth" | keyof RenderedCost>,
  counts: ReadonlyMap<number, number>,
): Estimate {
  const reader = new PlanReader(plan, query, counts);
  const { cost } = reader.nest(0);
  const weight = 2 ** Math.max(0, query.growth - GROWTH_ALLOWED);
  return { rows: Math.ceil(cost * weight), isProven: plan.every(({ detail }) => isProven(detail, query.uses)) };
}

/** Lines about tables of which a caller may see a part: by the bucket's id. What is for operators has no bucket. */
function isProven(detail: string, uses: readonly ScopedUse[]): boolean {
  const [, verb, alias = "", number = ""] = /^(SCAN|SEARCH) ([ovcnxwfh]\$(\d*))(?: |$)/.exec(detail) ?? [];
  const use = uses.find((one) => String(one.number) === number);
  if (alias === "" || (use !== undefined && TABLES[use.table].isOperators)) return true;
  // Words: of one object's id, or of the ids of one index.
  if (alias.startsWith("f")) return /VIRTUAL TABLE INDEX \d+:=M\d+$/.test(detail);
  if (alias.startsWith("w")) return /VIRTUAL TABLE INDEX \d+:M\d+><$/.test(detail);
  if (alias.startsWith("h")) return verb === "SEARCH" && detail.includes("(index_id=? AND key=?)");
  if (alias.startsWith("x")) return verb === "SEARCH" && /\(index_id=\?|INTEGER PRIMARY KEY \(rowid=\?\)/.test(detail);
  return verb === "SEARCH" && detail.includes("(bucket_id=?");
}

class PlanReader {
  readonly #children = new Map<number, PlanRow[]>();
  readonly #uses: readonly ScopedUse[];
  readonly #cost: RenderedCost;
  readonly #counts: ReadonlyMap<number, number>;
  /** Rows of what SQLite keeps or produces on the way, by name. */
  readonly #sizes = new Map<string, number>();

  constructor(
    plan: readonly PlanRow[],
    query: Pick<CompiledQuery, "uses" | keyof RenderedCost>,
    counts: ReadonlyMap<number, number>,
  ) {
    this.#uses = query.uses;
    this.#cost = query;
    this.#counts = counts;
    for (const row of plan) this.#children.set(row.parent, [...(this.#children.get(row.parent) ?? []), row]);
  }

  nest(parent: number): Nest {
    let rows = 1;
    let cost = 0;
    let perRow = 0;
    for (const { id, detail } of this.#children.get(parent) ?? []) {
      if (/^(SCAN|SEARCH) /.test(detail)) {
        rows *= this.#loop(detail);
        cost += rows;
        continue;
      }
      const inner = this.nest(id);
      if (detail.startsWith("CORRELATED")) perRow += inner.cost;
      else if (detail.startsWith("MULTI-INDEX OR")) {
        rows *= Math.max(1, inner.cost);
        cost += rows;
      } else cost += inner.cost;
      const [, name] = /^(?:CO-ROUTINE|MATERIALIZE) (.+)$/.exec(detail) ?? [];
      if (name !== undefined) this.#sizes.set(name, Math.max(this.#sizes.get(name) ?? 0, inner.rows));
      else if (/^(COMPOUND|MERGE|LEFT|RIGHT|UNION|EXCEPT|INTERSECT)/.test(detail))
        rows = Math.max(rows === 1 ? 0 : rows, 0) + inner.rows;
    }
    return { cost: cost + rows * perRow, rows };
  }

  #loop(detail: string): number {
    if (/^SCAN (\d+ )?CONSTANT ROWS?/.test(detail)) return Number(/\d+/.exec(detail)?.[0] ?? 1);
    // No name in a plan is the caller's: see `Names`. What has no name of ours counts as the largest there is.
    const [, name = "", isAutomatic] = /^(?:SCAN|SEARCH) (\S+)( USING AUTOMATIC )?/.exec(detail) ?? [];
    const own = this.#own(name, isAutomatic ? "" : detail);
    if (own !== null) return own;
    const { lists, commonTables } = this.#cost;
    const known = this.#sizes.get(name) ?? lists.get(name) ?? this.#sizes.get(commonTables.get(name) ?? "");
    const rows = known ?? Math.max(1, ...this.#sizes.values(), ...lists.values(), ...this.#counts.values());
    return isAutomatic ? Math.min(rows, Math.ceil(EQUAL_ROWS * Math.sqrt(rows))) : rows;
  }

  /** Of a table behind one of the views; null: it is none. */
  #own(name: string, detail: string): number | null {
    if (name === "t$") return TAGS_PER_OBJECT;
    if (name === "c$" || name === "n$" || name.startsWith("h$")) return 1;
    if (name.startsWith("f$")) return MATCH_ROWS * Math.max(1, this.#cost.matchTerms);
    for (const { number, table, scopes, search } of this.#uses) {
      const isText = search?.field === TEXT_FIELD;
      if (name === aliasOf(number, isText ? "w" : "x")) return Math.max(1, this.#counts.get(number) ?? 1);
      if (name === aliasOf(number, "x")) return 1;
      if (name.startsWith(`${aliasOf(number)}_list`) || name === `${aliasOf(number, "v")}_list`) return 1;
      if (name === aliasOf(number, "p")) return PAIRS[table] ?? 1;
      if (name !== aliasOf(number) && name !== aliasOf(number, "v")) continue;
      const all = Math.max(1, this.#counts.get(number) ?? 1);
      if (!/\(bucket_id=\? AND key=\?/.test(detail)) return all;
      if (search !== null) return 1;
      // A plan has = for IN too: a row for each of its elements.
      const { listed } = this.#cost;
      const ranges = scopes.reduce((sum, { keys }) => sum + keys.length, 0);
      return listed === null ? Math.max(all, ranges) : Math.max(1, ranges, listed);
    }
    return null;
  }
}
