import { TABLES, type TableName } from "../metadata/query/catalog.ts";

/** Characters of all that a request's headers say of an object, and so of one of them. */
const HEADERS_TEXT = 16_384;
const HEADER_TEXT = 8_192;
/** A map as JSON, where quotes are escaped. */
const MAP_TEXT = 8_192;
/** A number, a time, or an identifier. */
export const SHORT_TEXT = 128;
/** SQLite's longest value on D1. */
const VALUE_TEXT_MAX = 2 * 1024 * 1024;

const HEADERS: ReadonlySet<string> = new Set([
  "content_type",
  "content_encoding",
  "content_disposition",
  "content_language",
  "cache_control",
  "expires",
]);
const LONGEST: ReadonlyMap<string, number> = new Map([
  ["key", 1_024],
  ["drive_key", 2_048],
  ["name", 2_048],
  ["value", 2_048],
  ["metadata", MAP_TEXT],
  ["tags", MAP_TEXT],
  ...[...HEADERS].map((name) => [name, HEADER_TEXT] as const),
]);

/** Characters of the longest value of a table's column that is called so. */
export function textOfColumn(name: string): number {
  return LONGEST.get(name.toLowerCase()) ?? SHORT_TEXT;
}

/** Characters of the longest row of a table. */
export function textOfTable(table: TableName): number {
  const names = TABLES[table].columns.map(({ name }) => name);
  const others = names.filter((name) => !HEADERS.has(name));
  const sum = others.reduce((total, name) => total + textOfColumn(name), 0);
  return sum + (others.length < names.length ? HEADERS_TEXT : 0);
}

/** As JSON5 in which control characters stand, which JSON escapes. */
const JSON_LENGTHENING = 6;

/** How many times as long a part of JSON may come out as it stands there. `isOfMap`: of a table's map, which is JSON already. */
export function jsonLengthening(isOfMap: boolean): number {
  return isOfMap ? 1 : JSON_LENGTHENING;
}

/** How many times as long as its arguments the text of a function may be. What aggregates join is bounded by SQLite's longest value alone. */
const LENGTHENING: Readonly<Record<string, number>> = {
  // Of a character's bytes, of which there are three at most for each half of a surrogate pair.
  hex: 6,
  quote: 2,
  json_array: 6,
  json_object: 6,
  json_quote: 6,
  strftime: 9,
};
/** Functions that give JSON, or a value of it. */
const READING_JSON: ReadonlySet<string> = new Set(["json", "json_extract", "element_at"]);
const JOINING: ReadonlySet<string> = new Set(["group_concat", "string_agg", "json_group_array", "json_group_object"]);

interface CallText {
  readonly text: number;
  readonly args: number;
  /** The two texts of `replace`. */
  readonly replacing: readonly (string | null)[];
  /** The first argument is a table's map. */
  readonly isOfMap: boolean;
}

/** Characters of a function's longest result, from those of its arguments together. */
export function textOfCall(name: string, { text, args, replacing, isOfMap }: CallText): number {
  if (JOINING.has(name)) return VALUE_TEXT_MAX;
  const times = READING_JSON.has(name) ? jsonLengthening(isOfMap) : (LENGTHENING[name] ?? 1);
  // Each path may be the whole value.
  if (name === "json_extract") return SHORT_TEXT + text * times * Math.max(1, args - 1);
  if (name !== "replace") return SHORT_TEXT + text * times;
  const [from, to] = replacing.map((given) => given?.length ?? 0);
  return text * Math.max(1, (to ?? 0) / Math.max(1, from ?? 0));
}

/** Characters that a byte of a blob takes as a result. */
export const BLOB_BYTE_CHARACTERS = 4;
/** What a value takes besides its characters. */
const VALUE_CHARACTERS = 8;

/**
 * SQL of the same rows as far as they have `max` characters together, each with how many these are by then as its last column. The row behind them, if
 * there is one, follows with NULLs for its values. Each byte counts as a character.
 */
export function cutSql(sql: string, columns: number, max: number): string {
  const names = Array.from({ length: columns }, (_, at) => `c${at}`);
  // SQLite's `length` ends at the first NUL of a text.
  const lengths = names.map(
    (name) => `ifnull(octet_length(${name})*iif(typeof(${name})='blob',${BLOB_BYTE_CHARACTERS},1),0)`,
  );
  const own = `${sumOf(lengths)}+${VALUE_CHARACTERS * columns}`;
  const measured = `SELECT *, ${own} AS own FROM "r$"`;
  const added = `SELECT *, sum(own) OVER (ROWS UNBOUNDED PRECEDING) AS text FROM (${measured})`;
  const kept = names.map((name) => `CASE WHEN text<=${max} THEN ${name} END`).join(", ");
  return `WITH "r$"(${names.join(", ")}) AS (${sql}) SELECT ${kept}, text FROM (${added}) WHERE text-own<=${max}`;
}

/** As a tree that is not deep: D1 refuses others. */
function sumOf(terms: readonly string[]): string {
  if (terms.length <= 1) return terms[0] ?? "0";
  const half = Math.ceil(terms.length / 2);
  return `(${sumOf(terms.slice(0, half))}+${sumOf(terms.slice(half))})`;
}
