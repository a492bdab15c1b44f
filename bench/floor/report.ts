import { formatTable } from "../support/table.ts";
import type { Row } from "./contest.ts";

export function contestTable(rows: readonly Row[]): string {
  const head = [
    "operation",
    "by",
    "p50 ms",
    "MB/s",
    "CPU ms",
    "CPU ms/MB",
    "speed : floor",
    "time : floor",
    "target",
    "",
  ];
  const cells = rows.map((row) => [
    `${row.op} ${sizeName(row.bytes)}`,
    row.implementation,
    row.p50Ms.toFixed(row.p50Ms < 10 ? 3 : 1),
    row.bytes < 1e6 ? "" : row.mbPerSecond.toFixed(0),
    row.cpuMsPerRequest?.toFixed(row.cpuMsPerRequest < 10 ? 2 : 0) ?? "?",
    row.bytes < 1e6 ? "" : (row.cpuMsPerMb?.toFixed(2) ?? "?"),
    row.ratioToFloor.toFixed(2),
    (1 / row.ratioToFloor).toFixed(2),
    row.target ?? "",
    row.met === null ? "" : row.met ? "met" : "missed",
  ]);
  return formatTable(head, cells);
}

export function sizeName(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}
