import { parquetWriteBuffer } from "hyparquet-writer";
import type { Value } from "./run.ts";

export interface ResultTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

export type Format = "jsonl" | "csv" | "parquet";

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  jsonl: "application/jsonl",
  csv: "text/csv; charset=utf-8; header=present",
  parquet: "application/vnd.apache.parquet",
};

/** A page of a result in one of the formats. Columns of one name get numbers: `key`, `key_2`. */
export function writeTable(table: ResultTable, format: Format): string | Uint8Array {
  const columns = uniqueNames(table.columns);
  switch (format) {
    case "jsonl":
      return table.rows.map((row) => `${jsonLine(columns, row)}\n`).join("");
    case "csv":
      return [columns, ...table.rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
    case "parquet":
      return parquet(columns, table.rows);
  }
}

function uniqueNames(columns: readonly string[]): string[] {
  const seen = new Set<string>();
  return columns.map((column) => {
    let name = column;
    for (let count = 2; seen.has(name); count++) name = `${column}_${count}`;
    seen.add(name);
    return name;
  });
}

/** Not by way of an object: a column may be called `__proto__`, and names of digits would move. */
function jsonLine(columns: readonly string[], row: readonly Value[]): string {
  return `{${columns.map((name, at) => `${JSON.stringify(name)}:${JSON.stringify(plain(row[at]))}`).join(",")}}`;
}

/** A field as RFC 4180 has it. Null is empty, and an empty text is quoted. */
function csvField(given: Value | undefined): string {
  const value = plain(given);
  if (value === null) return "";
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Blobs, which a query may make, come as bytes or lists of numbers. */
function plain(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number") return value;
  return String(value);
}

/** Whole numbers, other numbers or texts, by what a column holds. */
function parquet(columns: readonly string[], rows: ResultTable["rows"]): Uint8Array {
  const columnData = columns.map((name, at) => {
    const values = rows.map((row) => plain(row[at]));
    const kinds = new Set(values.filter((value) => value !== null).map(kindOf));
    if (kinds.size === 0 || kinds.has("text")) {
      return {
        name,
        data: values.map((value) => (value === null ? null : String(value))),
        type: "STRING" as const,
        nullable: true,
      };
    }
    if (kinds.has("real")) return { name, data: values, type: "DOUBLE" as const, nullable: true };
    const data = values.map((value) => (value === null ? null : BigInt(value)));
    return { name, data, type: "INT64" as const, nullable: true };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function kindOf(value: string | number): "text" | "whole" | "real" {
  if (typeof value === "string") return "text";
  return Number.isSafeInteger(value) ? "whole" : "real";
}
