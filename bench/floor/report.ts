import { formatTable } from "../support/table.ts";
import type { Row } from "./contest.ts";
import type { MemoryRow } from "./memory.ts";
import type { PagesRow } from "./pages.ts";
import type { StageRow } from "./stages.ts";

export function contestTable(rows: readonly Row[]): string {
  const head = [
    "operation",
    "by",
    "p50 ms",
    "MB/s",
    "CPU ms",
    "of it user",
    "CPU ms/MB",
    "of it user",
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
    milliseconds(row.cpuMsPerRequest),
    milliseconds(row.cpuUserMsPerRequest),
    row.bytes < 1e6 ? "" : (row.cpuMsPerMb?.toFixed(2) ?? "?"),
    row.bytes < 1e6 ? "" : (row.cpuUserMsPerMb?.toFixed(2) ?? "?"),
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

export function pagesTable(rows: readonly PagesRow[]): string {
  const says: Record<PagesRow["memory"], string> = {
    idle: "a new file, in memory that was idle",
    "just freed": "a new file, in memory of a file just removed",
    "in place": "the same file again",
  };
  const cells = rows.map(({ memory, bytes, gbPerCpuSecond, userShare }) => [
    says[memory],
    sizeName(bytes),
    gbPerCpuSecond.toFixed(2),
    `${(100 * userShare).toFixed(0)} %`,
  ]);
  return formatTable(["writes of one process", "bytes", "GB per s of CPU", "of it user"], cells);
}

/** Legend of the table. */
export const PAGES_LEGEND = `Where the first figure is far below the second, this is a virtual machine that gives idle memory back to its host, and each
byte that a server writes may cost up to the difference in system time, whatever its code. User time tells servers apart there.
Other processes that free memory meanwhile bring the figures together.`;

/**
 * One line per operation, one column per stage: its share of the time, of workerd's CPU, and of the
 * user part of it.
 */
export function stageTable(rows: readonly StageRow[]): string {
  const stages = [...new Set(rows.map((row) => row.stage))].filter((stage) => stage !== "all");
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const cells = rows
    .filter((row) => row.stage === "all")
    .flatMap((all) => {
      const of = (stage: string) =>
        rows.find((row) => row.op === all.op && row.bytes === all.bytes && row.stage === stage);
      const cpu = (figure: "cpuMs" | "cpuUserMs") =>
        stages.map((stage) => percent((of(stage)?.[figure] ?? Number.NaN) / (all[figure] ?? Number.NaN)));
      const name = `${all.op} ${sizeName(all.bytes)}`;
      return [
        [name, `time ${milliseconds(all.ms)}`, ...stages.map((stage) => percent(of(stage)?.share ?? Number.NaN))],
        ["", `CPU ${milliseconds(all.cpuMs)}`, ...cpu("cpuMs")],
        ["", `of it user ${milliseconds(all.cpuUserMs)}`, ...cpu("cpuUserMs")],
      ];
    });
  return formatTable(["shares of", "ms", ...stages], cells);
}

function milliseconds(ms: number | null): string {
  return ms?.toFixed(ms < 10 ? 2 : 0) ?? "?";
}

export function sizeName(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}
