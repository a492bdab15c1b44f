import type { Metric, Sample } from "../base/prometheus.ts";
import type { DriveCounts } from "../drives/counted.ts";
import type { RecentError } from "../edge/recent-errors.ts";
import type { Cost } from "../metadata/database.ts";

/** What an isolate has counted since it began. */
export interface Observed {
  drives: ReadonlyMap<string, DriveCounts>;
  cost: Readonly<Cost>;
  /** Of the requests that it served. */
  requests(): Metric[];
  /** The last of them that failed or were refused; absent: it serves none. */
  errors?(): RecentError[];
}

/** Counters and histograms of an isolate: what it was asked for, and what it has asked of its drives and of D1. */
export function isolateMetrics({ drives, cost, requests }: Observed): Metric[] {
  return [
    ...requests(),
    ...driveMetrics(drives),
    counter("sherd_d1_round_trips_total", "Calls to D1.", [{ value: cost.roundTrips }]),
    counter("sherd_d1_rows_read_total", "Rows that D1 read.", [{ value: cost.rowsRead }]),
    counter("sherd_d1_rows_written_total", "Rows that D1 wrote.", [{ value: cost.rowsWritten }]),
  ];
}

const CALLS = ["put", "get", "head", "delete", "list"] as const;

function driveMetrics(counts: ReadonlyMap<string, DriveCounts>): Metric[] {
  const each = (value: (count: DriveCounts) => number) =>
    [...counts].map(([drive, count]): Sample => ({ labels: { drive }, value: value(count) }));
  const calls = [...counts].flatMap(([drive, count]) =>
    CALLS.map((call): Sample => ({ labels: { drive, call }, value: count[call] })),
  );
  return [
    counter("sherd_drive_calls_total", "Calls to drives.", calls),
    counter(
      "sherd_drive_failures_total",
      "Calls to drives that failed.",
      each(({ failed }) => failed),
    ),
    counter(
      "sherd_drive_written_bytes_total",
      "Bytes written to drives.",
      each(({ writtenBytes }) => writtenBytes),
    ),
    counter(
      "sherd_drive_read_bytes_total",
      "Bytes read from drives.",
      each(({ readBytes }) => readBytes),
    ),
  ];
}

function counter(name: string, help: string, samples: Sample[]): Metric {
  return { name, help, type: "counter", samples };
}
