import { PRICES } from "../../src/base/prices.ts";
import { sizeName } from "../server/report.ts";
import type { TableFormat } from "../support/table.ts";
import type { CostRow } from "./measure.ts";

/** One line per operation. */
export function costTable(rows: readonly CostRow[], format: TableFormat): string {
  const head = [
    "operation",
    "D1 trips",
    "rows read",
    "rows written",
    "class A",
    "class B",
    "CPU ms",
    "Sherd $",
    "R2 $",
    "AWS $",
    "AWS, sending $",
  ];
  return format(
    head,
    rows.map((row) => [
      row.sizeBytes > 0 ? `${row.op} ${sizeName(row.sizeBytes)}` : row.op,
      ...[row.d1RoundTrips, row.d1RowsRead, row.d1RowsWritten, row.drivePuts, row.driveGets].map(String),
      row.cpuMs === null ? "?" : row.cpuMs < 10 ? row.cpuMs.toPrecision(2) : row.cpuMs.toFixed(0),
      ...[row.sherdDollars, row.r2Dollars, row.awsDollars].map((dollars) => dollars.toFixed(2)),
      row.awsTransferDollars === 0 ? "" : row.awsTransferDollars.toFixed(row.awsTransferDollars < 10 ? 2 : 0),
    ]),
  );
}

/** Monthly cost of a gigabyte. */
export function storageTable(format: TableFormat): string {
  const gigabyte = (dollars: number) => (dollars * 1e9).toFixed(4);
  return format(
    ["stored as", "$ a GB-month"],
    [
      ["Sherd, 4+2 on R2", gigabyte(1.5 * PRICES.r2ByteMonth)],
      ["Sherd, 1+2 on R2", gigabyte(3 * PRICES.r2ByteMonth)],
      ["Sherd, inline in D1 (base64)", gigabyte((4 / 3) * PRICES.d1ByteMonth)],
      ["R2", gigabyte(PRICES.r2ByteMonth)],
      ["KV", gigabyte(PRICES.kvByteMonth)],
      ["AWS S3 Standard", gigabyte(PRICES.awsByteMonth)],
    ],
  );
}
