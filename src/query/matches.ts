import type { Expr, LikeExpr } from "sqlite3-parser";
import { covers, type KeyRange } from "../base/key-range.ts";
import { TABLES, type TableName } from "../metadata/query/catalog.ts";
import { keyConditions } from "../metadata/query/row-source.ts";
import { type SearchUse, TEXT_FIELD } from "../metadata/query/search-source.ts";
import { inColumns, matchesText, type TextClass } from "../metadata/query/text-source.ts";
import type { Scope } from "../metadata/query/visible.ts";
import type { SearchIndex } from "../metadata/search/search.ts";
import { TEXT_COLUMNS, type TextColumn } from "../metadata/search/text-table.ts";
import { QueryRefused } from "./failure.ts";
import type { Named } from "./names.ts";
import { readWords } from "./words.ts";

/** A place of the query, with what MATCH needs of it. */
export interface MatchedPlace {
  readonly table: TableName;
  readonly number: number;
  readonly scopes: readonly Scope[];
  /** The index through which it reads its rows. */
  readonly search: SearchUse | null;
  /** The complete index of the only bucket. */
  readonly index: SearchIndex | null;
}

interface RenderedMatch {
  readonly sql: string;
  /** Words that SQLite looks up for each row; 0: none. */
  readonly terms: number;
}

/** What the names before MATCH stand for. */
interface MatchNames {
  /** The item of FROM that is called so, of the innermost or one around it; null: none is. */
  find(name: string): Named | null;
  /** As `find`, of the innermost FROM alone. */
  findInner(name: string): Named | null;
  /** The items of the innermost FROM; null: two of one name. */
  readonly inner: readonly (Named | null)[];
  /** The place behind the server's name of an item. */
  place(item: Named): MatchedPlace | null;
}

/**
 * SQL of `objects MATCH 'words'` and `key MATCH 'words'`, where objects may be an alias, and key is tags or metadata too. `text`: what is sought.
 * Words that the caller may not see match nothing. Throws `QueryRefused`.
 */
export function renderMatch({ lhs, not }: LikeExpr, text: string, names: MatchNames): RenderedMatch {
  const { fts, terms } = readWords(text);
  const { item, columns } = targetOf(lhs, names);
  const place = names.place(item);
  if (place === null || place.table !== "objects") throw wrongTarget();
  const { scopes, search, index } = place;
  const [scope] = scopes;
  const whether = (match: string) => (not ? `(NOT ${match})` : match);
  if (scope === undefined) return { sql: whether("0"), terms: 0 };
  if (scopes.length > 1) {
    throw new QueryRefused("NotAllowed", "MATCH is about the objects of one bucket", "add bucket = '…'");
  }
  if (index === null || !index.fields.has("text")) throw noIndex(scope.bucket.name);
  if (search?.field === TEXT_FIELD && search.conditions[0] === inColumns(fts, columns)) {
    // The rows are those that match; LEFT JOIN may have added one without a key.
    return { sql: whether(`(${item.name}.key IS NOT NULL)`), terms: 0 };
  }
  const classes = classesOf(scope, columns, item.name);
  const sql = matchesText({ indexId: index.id, fts }, { key: `${item.name}.key`, classes, number: place.number });
  return { sql: whether(sql), terms: terms.length };
}

/** A bare name is a table of the innermost FROM, then a column of its only table, then a table around it. */
function targetOf(lhs: Expr, names: MatchNames): { item: Named; columns: readonly TextColumn[] } {
  if (lhs.type === "QualifiedExpr") {
    const item = names.find(lhs.table.text);
    const column = textColumn(lhs.column.text);
    if (item === null || column === undefined) throw wrongTarget();
    return { item, columns: [column] };
  }
  if (lhs.type !== "Id") throw wrongTarget();
  const inner = names.findInner(lhs.name);
  if (inner !== null) return { item: inner, columns: TEXT_COLUMNS };
  const column = textColumn(lhs.name);
  if (column !== undefined && names.inner.some((item) => mayHave(item?.table ?? null, column))) {
    const [only] = names.inner;
    if (!only || names.inner.length > 1) throw wrongTarget();
    return { item: only, columns: [column] };
  }
  const outer = names.find(lhs.name);
  if (outer === null) throw wrongTarget();
  return { item: outer, columns: TEXT_COLUMNS };
}

function textColumn(name: string): TextColumn | undefined {
  return TEXT_COLUMNS.find((column) => column === name.toLowerCase());
}

/** Whether an item of FROM has the column. There is no saying what a subquery has. */
function mayHave(table: TableName | null, column: TextColumn): boolean {
  return table === null || TABLES[table].columns.some(({ name }) => name === column);
}

function wrongTarget(): QueryRefused {
  return new QueryRefused(
    "NotAllowed",
    "MATCH takes table objects, or one of its columns key, tags and metadata",
    "objects MATCH 'words', or alias.key MATCH 'words' where there are several tables",
  );
}

function noIndex(bucket: string): QueryRefused {
  return new QueryRefused(
    "InvalidQuery",
    `bucket ${bucket} has no complete index of its texts`,
    `PUT /-/search-index/${bucket} with {"fields": ["text"]}`,
  );
}

/** The columns whose words the caller may see, by where. */
function classesOf({ bucket, keys }: Scope, columns: readonly TextColumn[], item: string): TextClass[] {
  const seen = (ranges: readonly KeyRange[]): string => {
    if (ranges.length === 0) return "0";
    const inRanges = ranges.map((range) => keyConditions(item, range).join(" AND ") || "1").join(" OR ");
    const isAll = covers(ranges, keys);
    const own = bucket.ownersOnly ? `${item}.owner IS NULL` : "1";
    return isAll ? own : `(${own} AND (${inRanges}))`;
  };
  const guards: Readonly<Record<TextColumn, string>> = {
    key: "1",
    tags: seen(bucket.current.tags),
    metadata: seen(bucket.current.content),
  };
  const without = (...hidden: TextColumn[]) => columns.filter((column) => !hidden.includes(column));
  const candidates = [without(), without("metadata"), without("tags"), without("tags", "metadata")];
  const classes = candidates
    .map((shown) => ({ columns: shown, needed: [...new Set(shown.map((column) => guards[column]))] }))
    .filter(({ needed }) => !needed.includes("0"))
    .map(({ columns: shown, needed }): TextClass => {
      const conditions = needed.filter((guard) => guard !== "1");
      return { columns: shown, condition: conditions.join(" AND ") || "1" };
    });
  // The last is of keys, which everybody sees who sees the row.
  return classes.slice(0, classes.findIndex(({ condition }) => condition === "1") + 1);
}
