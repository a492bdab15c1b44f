import type { TableFormat } from "../support/table.ts";
import { ROUNDS, type Row } from "./measure.ts";

/** From this share on, the load generator may be the limit. */
const GENERATOR_SHARE_MAX = 0.9;

/**
 * One line per operation, size and number of clients; for each target its speed, latency and CPU,
 * and its ratio to the first.
 */
export function serverTable(rows: readonly Row[], format: TableFormat): string {
  const targets = [...new Set(rows.map((row) => row.target))];
  const columns = (name: string, index: number) => [
    `${name}: speed`,
    "p50 / p95 / p99 ms",
    "CPU",
    "of it user",
    ...(index > 0 ? [`: ${targets[0]}`] : []),
  ];
  const head = ["operation", "clients", ...targets.flatMap(columns)];
  return format(
    head,
    casesOf(rows).map((same) => {
      const [first] = same;
      if (!first) return [];
      const cells = targets.flatMap((name, index) =>
        targetCells(
          same.find((row) => row.target === name),
          index > 0,
        ),
      );
      return [`${first.op}${first.sizeBytes > 0 ? ` ${sizeName(first.sizeBytes)}` : ""}`, `${first.clients}`, ...cells];
    }),
  );
}

function targetCells(row: Row | undefined, hasRatio: boolean): string[] {
  if (!row) return ["failed", "", "", "", ...(hasRatio ? [""] : [])];
  const mark = row.generatorCpuShare > GENERATOR_SHARE_MAX ? "*" : "";
  const isLarge = row.mbPerSecond !== null && row.sizeBytes >= 1024 * 1024;
  const speed = isLarge ? `${digits(row.mbPerSecond ?? 0)} MB/s` : `${digits(row.opsPerSecond)}/s`;
  const latency = [row.p50Ms, row.p95Ms, row.p99Ms].map(digits).join(" / ");
  const cpu = isLarge
    ? [row.cpuSecondsPerGb, row.cpuUserSecondsPerGb].map((seconds) => amount(seconds, "s/GB"))
    : [row.cpuSecondsPerOp, row.cpuUserSecondsPerOp].map((seconds) => amount(seconds && seconds * 1000, "ms"));
  return [`${speed}${mark}`, latency, ...cpu, ...(hasRatio ? [row.ratio?.toFixed(2) ?? ""] : [])];
}

function amount(value: number | null, unit: string): string {
  return value === null ? "?" : `${digits(value)} ${unit}`;
}

/** What the table's signs mean. */
export const SERVER_LEGEND = `Speeds are medians of up to ${ROUNDS} rounds, all targets in turn. CPU: of the server's processes; the part
outside the kernel, of it user, is the one that does not depend on which memory the kernel had at hand (bench:floor --only pages).
The last column of a target is its speed over the first one's. *: the load generator was busy for more than ${100 * GENERATOR_SHARE_MAX} % of the time.`;

/** Rows of the same case together, in the order in which they were measured. */
export function casesOf(rows: readonly Row[]): Row[][] {
  const cases = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `${row.op} ${row.sizeBytes} ${row.clients}`;
    cases.set(name, [...(cases.get(name) ?? []), row]);
  }
  return [...cases.values()];
}

export function sizeName(bytes: number): string {
  for (const [unit, name] of [
    [1024 ** 3, "GiB"],
    [1024 ** 2, "MiB"],
  ] as const) {
    if (bytes >= unit) return `${bytes / unit} ${name}`;
  }
  return `${bytes / 1024} KiB`;
}

/** Three digits. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
