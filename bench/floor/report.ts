import { formatTable } from "../support/table.ts";
import type { Row } from "./contest.ts";
import type { MemoryRow } from "./memory.ts";

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

export function memoryTable(rows: readonly MemoryRow[]): string {
  const head = ["resident memory of workerd", "by", "before MB", "peak MB", "growth MB", "MB/s", "target", ""];
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  const cells = rows.map((row) => [
    `${row.op} ${row.concurrent} × ${megabytes(row.bytes)} MB`,
    row.implementation,
    megabytes(row.beforeBytes),
    megabytes(row.peakBytes),
    megabytes(row.growthBytes),
    ((row.concurrent * row.bytes) / 1e3 / row.ms).toFixed(0),
    row.target,
    row.met ? "met" : "missed",
  ]);
  return formatTable(head, cells);
}

export function sizeName(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}
