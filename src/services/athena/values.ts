import { type ColumnType, TABLES } from "../../metadata/query/catalog.ts";
import type { ScopedUse } from "../../query/compile.ts";
import type { Value } from "../../query/run.ts";

/** A column of a result, with a type of Athena's. */
export type TypedColumn = readonly [name: string, type: string];

/** A result is in memory when it is written and when it is read. */
export const RESULT_BYTES_MAX = 16 * 1024 * 1024;

/** What a column is: of the table's column of the same name if all values are of its type, else by the values. */
export function typeColumns(
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
  uses: readonly ScopedUse[],
): TypedColumn[] {
  const known = new Map<string, ColumnType>();
  for (const { table } of uses)
    for (const { name, type } of TABLES[table].columns) if (!known.has(name)) known.set(name, type);
  return columns.map((name, at) => {
    const values = rows.map((row) => row[at] ?? null).filter((value) => value !== null);
    const type = known.get(name);
    if (type !== undefined && values.every((value) => isOf(value, type)))
      return [name, type === "map<string,string>" ? "map" : type];
    if (values.length === 0 || values.some((value) => typeof value !== "number")) return [name, "varchar"];
    return [name, values.every((value) => Number.isInteger(value)) ? "bigint" : "double"];
  });
}

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/;

function isOf(value: string | number, type: ColumnType): boolean {
  switch (type) {
    case "varchar":
      return typeof value === "string";
    case "bigint":
      return Number.isInteger(value);
    case "boolean":
      return value === 0 || value === 1;
    case "timestamp":
      return TIME.test(String(value));
    case "map<string,string>":
      return mapOf(value) !== null;
  }
}

function mapOf(value: string | number): Record<string, unknown> | null {
  if (typeof value !== "string" || !value.startsWith("{")) return null;
  try {
    return JSON.parse(value) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** A value as Athena prints it: maps as `{a=1, b=2}`, booleans as words. Null: it is null. */
function printed(value: Value, type: string): string | null {
  if (value === null) return null;
  if (type === "boolean") return value === 1 ? "true" : "false";
  if (type === "double" && Number.isInteger(value)) return `${value}.0`;
  if (type !== "map") return String(value);
  const entries = Object.entries(mapOf(value) ?? {}).map(([name, one]) => `${name}=${String(one)}`);
  return `{${entries.join(", ")}}`;
}

/** A result as Athena writes it: every field in quotes, a null as nothing. */
export function writeCsv(columns: readonly TypedColumn[], rows: readonly (readonly Value[])[]): string {
  const quoted = (text: string | null) => (text === null ? "" : `"${text.replaceAll('"', '""')}"`);
  const lines = rows.map((row) => columns.map(([, type], at) => quoted(printed(row[at] ?? null, type))).join(","));
  return `${[columns.map(([name]) => quoted(name)).join(","), ...lines].join("\n")}\n`;
}

/** Rows of a result that are wanted: `count` of them behind the first `from`, each of `columns` fields at most. */
interface CsvWindow {
  readonly from: number;
  readonly count: number;
  readonly columns: number;
}

/** Reads what `writeCsv` wrote, and nothing else. The text may be another: only what is wanted is kept of it. */
export function readCsv(text: string, { from, count, columns }: CsvWindow): (string | null)[][] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  let passed = 0;
  let at = 0;
  while (at < text.length && rows.length < count) {
    const isKept = passed >= from && row.length < columns;
    if (text[at] === '"') {
      let end = at + 1;
      while (end < text.length && (text[end] !== '"' || text[end + 1] === '"')) end += text[end] === '"' ? 2 : 1;
      if (isKept) row.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else if (isKept) row.push(null);
    if (text[at] === "\n") {
      if (passed >= from) {
        rows.push(row);
        row = [];
      }
      passed++;
    }
    at++;
  }
  return rows;
}
