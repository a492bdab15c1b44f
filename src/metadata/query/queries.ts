import { EVERY_KEY, type KeyRange } from "../../base/key-range.ts";
import type { Database, TableRows } from "../database.ts";
import type { TableName } from "./catalog.ts";
import { quoteText } from "./quote.ts";
import { rowSource } from "./row-source.ts";
import { type SearchUse, searchRows } from "./search-source.ts";
import { termPlaces } from "./text-source.ts";
import type { Scope } from "./visible.ts";

/** One line of EXPLAIN QUERY PLAN. */
export interface PlanRow {
  readonly id: number;
  readonly parent: number;
  readonly detail: string;
}

/** Tables whose rows lie in buckets, and where they are counted. */
const COUNTED: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  objects: ["objects"],
  tags: ["objects"],
  metadata: ["objects"],
  versions: ["objects", "versions"],
  uploads: ["uploads"],
  parts: ["uploads"],
};
const STORE_TABLES: Readonly<Partial<Record<TableName, string>>> = {
  blobs: "blobs",
  shards: "blobs",
  drives: "drives",
};

/** Runs queries that were built by `src/query`, and finds out what they will cost. Each method is one round trip. */
export class QueryTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `sql`: of `src/query` alone. */
  run(sql: string, ...values: (string | number | null)[]): Promise<TableRows> {
    return this.#database.table(sql, ...values);
  }

  async plan(sql: string): Promise<PlanRow[]> {
    const { rows } = await this.#database.table(`EXPLAIN QUERY PLAN ${sql}`);
    return rows.map(([id, parent, , detail]) => ({ id: Number(id), parent: Number(parent), detail: String(detail) }));
  }

  /** How many rows of each table behind a place of a query are in its scopes, but no more than `max` are counted. */
  async count(table: TableName, scopes: readonly Scope[], max: number): Promise<number> {
    if (table === "buckets") return scopes.length;
    const whole = STORE_TABLES[table];
    const sources = whole ? [`SELECT 1 FROM ${whole}`] : (COUNTED[table] ?? []).map((name) => selectOnes(name, scopes));
    const limited = sources.map((source) => `(SELECT count(*) FROM (${source} LIMIT ${max}))`);
    const { rows } = await this.#database.table(`SELECT ${limited.join(" + ")}`);
    return Math.min(max, Number(rows[0]?.[0] ?? 0));
  }

  /**
   * How many values of an index each condition leaves in the ranges of keys, but no more than `max` of each are counted. Of texts: how many objects
   * have each word, added together, because FTS5 visits them all before it knows which of them match.
   */
  async countSearches(
    searches: readonly { readonly search: SearchUse; readonly keys: readonly KeyRange[] }[],
    max: number,
  ): Promise<number[]> {
    const counts = searches.map(({ search, keys }) => {
      if (search.terms) return `(SELECT count(*) FROM (${termPlaces(search.indexId, search.terms)} LIMIT ${max}))`;
      // Of several values all are visited, wherever their keys lie.
      const { from, where } = searchRows(search, "x$count", search.isPoint ? keys : EVERY_KEY);
      return `(SELECT count(*) FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${max}))`;
    });
    const { rows } = await this.#database.table(`SELECT ${counts.join(", ")}`);
    return (rows[0] ?? []).map(Number);
  }

  /** As `boundary`, of the keys that an index gives. */
  async searchBoundary(search: SearchUse, keys: KeyRange, count: number): Promise<string | null> {
    const { from, where } = searchRows(search, "x$step", [keys]);
    const order = search.isPoint ? "index_id, field, value, key" : "x$step.key";
    const { rows } = await this.#database.table(
      `SELECT x$step.key FROM ${from} WHERE ${where} ORDER BY ${order} LIMIT 1 OFFSET ${count}`,
    );
    const [next] = rows;
    return next === undefined ? null : String(next[0]);
  }

  /** The key at which the range's first `rows` rows end: that of the next one. Null: there are no more. */
  async boundary(
    table: "objects" | "versions" | "uploads",
    { bucketId, keys, rows: count }: { bucketId: number; keys: KeyRange; rows: number },
  ): Promise<string | null> {
    const upper = keys.hi === null ? "" : ` AND key < ${quoteText(keys.hi)}`;
    const { rows } = await this.#database.table(
      `SELECT key FROM ${table} WHERE bucket_id = ${bucketId} AND key >= ${quoteText(keys.lo)}${upper}
       ORDER BY bucket_id, key LIMIT 1 OFFSET ${count}`,
    );
    const [next] = rows;
    return next === undefined ? null : String(next[0]);
  }
}

function selectOnes(table: string, scopes: readonly Scope[]): string {
  const { from, where } = rowSource(table, "o$count", scopes);
  return `SELECT 1 FROM ${from} WHERE ${where}`;
}
