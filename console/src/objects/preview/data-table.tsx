import { formatNumber } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { Scroller } from "../../ui/scroller.tsx";

interface DataTableProps {
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** There are more rows. */
  isCut: boolean;
}

/** Rows of a file that is a table. */
export function DataTable({ head, rows, isCut }: DataTableProps) {
  const t = useText();
  return (
    <>
      <p className="quiet">
        {t(isCut ? "preview.firstRows" : "preview.rows", { count: rows.length, shown: formatNumber(rows.length) })}
      </p>
      <Scroller className="scroll-x" label={t("preview.table")}>
        <table className="table">
          <thead>
            <tr>
              {head.map((name, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns may have the same name, and never move
                <th key={column} scope="col">
                  <bdi>{name}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows never move
              <tr key={index}>
                {head.map((_, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns never move
                  <td key={column}>
                    <bdi>{row[column]}</bdi>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </>
  );
}
