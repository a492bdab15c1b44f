import Papa from "papaparse";
import { useMemo } from "react";
import { DataTable } from "./data-table.tsx";

const ROWS_MAX = 1_000;

/** The first row names the columns. */
export default function CsvTable({ value }: { value: string }) {
  const { head, rows } = useMemo(() => {
    const { data } = Papa.parse<string[]>(value, { preview: ROWS_MAX + 1, skipEmptyLines: true });
    return { head: data[0] ?? [], rows: data.slice(1) };
  }, [value]);
  return <DataTable head={head} rows={rows} isCut={rows.length === ROWS_MAX} />;
}
