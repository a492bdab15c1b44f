import { type ReactNode, useState } from "react";
import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { TextField } from "./fields.tsx";
import { Scroller } from "./scroller.tsx";
import "./data-table.css";

export interface Column<Row> {
  id: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** Of numbers: at the end of the column. */
  isNumber?: boolean;
  /** Buttons: the title is read aloud only. */
  isTitleHidden?: boolean;
}

/** Rows that are drawn at once; the rest is found by searching. */
const ROWS_MAX = 500;
/** From here on there is a field to search in. */
const SEARCH_FROM = 15;

/** A table of at most a few thousand rows. It scrolls sideways by itself, with the keyboard too. */
export function DataTable<Row>({
  label,
  columns,
  rows,
  keyOf,
  searchText,
}: {
  /** Read aloud. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Text of a row that is searched. Without it nothing is. */
  searchText?: (row: Row) => string;
}) {
  const t = useText();
  const [search, setSearch] = useState("");
  const wanted = search.toLowerCase();
  const found =
    searchText === undefined || wanted === ""
      ? rows
      : rows.filter((row) => searchText(row).toLowerCase().includes(wanted));
  const hidden = found.length - ROWS_MAX;
  return (
    <div className="stack">
      {searchText !== undefined && rows.length >= SEARCH_FROM && (
        <TextField label={t("table.search")} type="search" value={search} onChange={setSearch} isCode />
      )}
      <Scroller className="scroll-x" label={label}>
        <table className="table">
          <thead>
            <tr>
              {columns.map(({ id, title, isNumber, isTitleHidden }) => (
                <th key={id} scope="col" className={isNumber ? "number" : ""}>
                  {isTitleHidden ? <span className="visually-hidden">{title}</span> : title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, ROWS_MAX).map((row) => (
              <tr key={keyOf(row)}>
                {columns.map(({ id, cell, isNumber }) => (
                  <td key={id} className={isNumber ? "number" : ""}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
      {found.length === 0 && search !== "" && <p className="quiet">{t("table.nothingFound")}</p>}
      {hidden > 0 && <p className="quiet">{t("table.more", { number: formatNumber(hidden) })}</p>}
    </div>
  );
}
