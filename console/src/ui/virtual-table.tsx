import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { visibleKey } from "../aws/keys.ts";
import type { Cell } from "../aws/sql.ts";
import { useText } from "../text/text.ts";
import { Scroller } from "./scroller.tsx";
import "./virtual-table.css";

const ROW_PIXELS = 33;
/** A column is as wide as what its first rows have in it, within these bounds of characters. */
const WIDTH_MIN = 6;
const WIDTH_MAX = 44;
const LOOKED_AT = 200;

/** Any number of rows of plain values, of which those on the screen are drawn. A cell that is too long is whole in its title. */
export function VirtualTable({
  label,
  columns,
  rows,
}: {
  /** Read aloud. */
  label: string;
  /** Each name is there once. */
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PIXELS,
    overscan: 15,
  });
  const widths = useMemo(() => columns.map((name, column) => widthOf(name, column, rows)), [columns, rows]);
  const items = virtualizer.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <Scroller ref={scroller} className="virtual-table" label={label}>
      <table className="table" aria-rowcount={rows.length + 1} style={{ width: `${sum(widths)}ch` }}>
        <colgroup>
          {columns.map((name, column) => (
            <col key={name} style={{ width: `${widths[column]}ch` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((name) => (
              <th key={name} scope="col" title={visibleKey(name)}>
                <bdi>{visibleKey(name)}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <Spacer pixels={above} columns={columns.length} />
        <tbody>
          {items.map(({ index }) => (
            <tr key={index} aria-rowindex={index + 2}>
              {columns.map((name, column) => (
                <TableCell key={name} value={rows[index]?.[column] ?? null} />
              ))}
            </tr>
          ))}
        </tbody>
        <Spacer pixels={below} columns={columns.length} />
      </table>
    </Scroller>
  );
}

/** In place of the rows that are not drawn. */
function Spacer({ pixels, columns }: { pixels: number; columns: number }) {
  if (pixels <= 0) return null;
  return (
    <tbody aria-hidden="true" className="spacer">
      <tr>
        <td colSpan={columns} style={{ height: pixels }} />
      </tr>
    </tbody>
  );
}

function TableCell({ value }: { value: Cell }) {
  const t = useText();
  if (value === null) return <td className="quiet">{t("table.null")}</td>;
  if (typeof value === "number") return <td className="number">{String(value)}</td>;
  const shown = visibleKey(value);
  return (
    <td title={shown}>
      <bdi>{shown}</bdi>
    </td>
  );
}

function widthOf(name: string, column: number, rows: readonly (readonly Cell[])[]): number {
  const longest = rows
    .slice(0, LOOKED_AT)
    .reduce((width, row) => Math.max(width, String(row[column] ?? "").length), name.length);
  return Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, longest)) + 3;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
