import type { Expr, LikeExpr } from "sqlite3-parser";
import { covers, type KeyRange } from "../base/key-range.ts";
import type { TableName } from "../metadata/query/catalog.ts";
import { keyConditions } from "../metadata/query/row-source.ts";
import { type SearchUse, TEXT_FIELD } from "../metadata/query/search-source.ts";
import { inColumns, matchesText, type TextClass } from "../metadata/query/text-source.ts";
import type { Scope } from "../metadata/query/visible.ts";
import type { SearchIndex } from "../metadata/search/search.ts";
import type { TextColumn } from "../metadata/search/text-table.ts";
import { QueryRefused } from "./failure.ts";
import type { Named } from "./names.ts";
import { matchedColumns } from "./searches.ts";
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
  /** FTS5 reads the places of all words with a beginning again for each row: no query may run so. */
  readonly isBroad: boolean;
}

/** What the names before MATCH stand for. */
interface MatchNames {
  /** The item of FROM that is called so; null: none is. */
  find(name: string): Named | null;
  /** The only item of FROM. */
  readonly only: Named | null;
  /** The place behind the server's name of an item. */
  place(item: Named): MatchedPlace | null;
}

/**
 * SQL of `objects MATCH 'words'` and `key MATCH 'words'`, where objects may be an alias, and key is tags or metadata too. `text`: what is sought.
 * Words that the caller may not see match nothing. Throws `QueryRefused`.
 */
export function renderMatch({ lhs, not }: LikeExpr, text: string, names: MatchNames): RenderedMatch {
  const { fts, hasPrefix } = readWords(text);
  const { item, columns } = targetOf(lhs, names);
  const place = names.place(item);
  if (place === null || place.table !== "objects") throw wrongTarget();
  const { scopes, search, index } = place;
  const [scope] = scopes;
  const whether = (match: string) => (not ? `(NOT ${match})` : match);
  if (scope === undefined) return { sql: whether("0"), isBroad: false };
  if (scopes.length > 1) {
    throw new QueryRefused("NotAllowed", "MATCH is about the objects of one bucket", "add bucket = '…'");
  }
  if (index === null || !index.fields.has("text")) throw noIndex(scope.bucket.name);
  if (search?.field === TEXT_FIELD && search.conditions[0] === inColumns(fts, columns)) {
    // The rows are those that match; LEFT JOIN may have added one without a key.
    return { sql: whether(`(${item.name}.key IS NOT NULL)`), isBroad: false };
  }
  const classes = classesOf(scope, columns, item.name);
  const sql = matchesText({ indexId: index.id, fts }, { key: `${item.name}.key`, classes, number: place.number });
  return { sql: whether(sql), isBroad: hasPrefix };
}

function targetOf(lhs: Expr, { find, only }: MatchNames): { item: Named; columns: readonly TextColumn[] } {
  const item = namedItem(lhs, find) ?? only;
  const columnName = lhs.type === "Id" ? lhs.name : lhs.type === "QualifiedExpr" ? lhs.column.text : null;
  const columns = matchedColumns(lhs, {
    isTable: (expr) => expr.type === "Id" && find(expr.name) !== null,
    isColumn: (_, column) => columnName?.toLowerCase() === column,
  });
  if (item === null || columns === null) throw wrongTarget();
  return { item, columns };
}

function namedItem(lhs: Expr, find: MatchNames["find"]): Named | null {
  if (lhs.type === "Id") return find(lhs.name);
  return lhs.type === "QualifiedExpr" ? find(lhs.table.text) : null;
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
