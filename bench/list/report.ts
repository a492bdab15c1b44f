import type { TableFormat } from "../support/table.ts";
import type { Row } from "./measure.ts";

/** A page at the largest size may take this many times the time of one at the smallest. */
const PAGE_RATIO_MAX = 1.3;
const WALK_SECONDS_MAX = 120;
/** Of a page with delimiter over ten prefixes. */
const DELIMITED_ROWS_MAX = 100;
/** Rows read beside what is returned; and what any page may read besides. */
const ROWS_PER_ENTRY_MAX = 2;
const ROWS_MORE_MAX = 20;
/** D1 counts the steps of a recursive query as rows too, and one more at the end of each key's versions. */
const STEP_ROWS_PER_ENTRY = 1;

/** One line per row, with its target. */
export function listTable(rows: readonly Row[], format: TableFormat): string {
  const head = ["bucket", "keys", "page", "entries", "ms", "time : smallest", "D1 rows read", "target", ""];
  return format(
    head,
    rows.map((row) => {
      const { target, isMet } = judge(row, rows);
      return [
        row.shape,
        row.keys.toLocaleString("en"),
        row.page,
        row.entries.toLocaleString("en"),
        row.ms < 100 ? row.ms.toPrecision(3) : row.ms.toFixed(0),
        isWalk(row) ? "" : row.ratioToSmallest.toFixed(2),
        row.rowsRead.toLocaleString("en"),
        target,
        isMet ? "met" : "missed",
      ];
    }),
  );
}

function isWalk({ page }: Row): boolean {
  return page.endsWith("walk");
}

/** Every row has a limit of rows to read, and the largest bucket's rows a limit of time. */
export function judge(row: Row, rows: readonly Row[]): { target: string; isMet: boolean } {
  const rowsPerEntry = ROWS_PER_ENTRY_MAX + (row.page === "versions, delimiter" ? STEP_ROWS_PER_ENTRY : 0);
  const rowsMax =
    row.shape === "ten prefixes" && row.page === "delimiter"
      ? DELIMITED_ROWS_MAX
      : rowsPerEntry * row.entries + ROWS_MORE_MAX * row.requests;
  const readsLittle = row.rowsRead <= rowsMax;
  const sameShape = rows.filter(({ shape }) => shape === row.shape);
  const isLargest = row.keys === Math.max(...sameShape.map(({ keys }) => keys));
  const smallest = sameShape.find(({ page }) => page === row.page);
  const rowsTarget = `≤ ${rowsMax.toLocaleString("en")} rows`;
  if (!isLargest) return { target: rowsTarget, isMet: readsLittle };
  if (isWalk(row)) {
    return {
      target: `${rowsTarget}, ≤ ${WALK_SECONDS_MAX} s`,
      isMet: readsLittle && row.ms <= WALK_SECONDS_MAX * 1000,
    };
  }
  // A page with more entries than the smallest bucket has says nothing about the effect of a
  // bucket's size.
  if (smallest?.entries !== row.entries) return { target: rowsTarget, isMet: readsLittle };
  return { target: `${rowsTarget}, ≤ ${PAGE_RATIO_MAX}×`, isMet: readsLittle && row.ratioToSmallest <= PAGE_RATIO_MAX };
}
