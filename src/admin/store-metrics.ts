import type { Metric, Sample } from "../base/prometheus.ts";
import type { DriveCounts } from "../drives/counted.ts";
import { gather } from "../maintenance/run/gather.ts";
import type { Cost } from "../metadata/database.ts";
import type { StoreContext } from "../store/context.ts";

/** What this isolate has asked of its drives and of D1, and how far background work is. Two round trips to each database. */
export async function storeMetrics(
  store: StoreContext,
  counts: ReadonlyMap<string, DriveCounts>,
  cost: Readonly<Cost>,
): Promise<Metric[]> {
  const { databases, jobs, backlog } = await gather(store);
  const labelsOf = (job: (typeof jobs)[number]): Record<string, string> =>
    databases.length > 1 ? { job: job.name, database: job.database } : { job: job.name };
  const finished = jobs.flatMap((job): Sample[] =>
    job.finishedMs === null ? [] : [{ labels: labelsOf(job), value: job.finishedMs / 1000 }],
  );
  const did = jobs.flatMap((job) =>
    Object.entries(job.report ?? {}).map(([what, value]): Sample => ({ labels: { ...labelsOf(job), what }, value })),
  );
  return [
    ...driveMetrics(counts),
    counter("sherd_d1_round_trips_total", "Calls to D1.", [{ value: cost.roundTrips }]),
    counter("sherd_d1_rows_read_total", "Rows that D1 read.", [{ value: cost.rowsRead }]),
    counter("sherd_d1_rows_written_total", "Rows that D1 wrote.", [{ value: cost.rowsWritten }]),
    gauge(
      "sherd_d1_size_bytes",
      "How large each database is.",
      databases.map(({ name, sizeBytes }) => ({ labels: { database: name }, value: sizeBytes })),
    ),
    gauge("sherd_job_finished_timestamp_seconds", "When each job last ended well.", finished),
    gauge("sherd_job_last_run", "What each job did in its last good run.", did),
    gauge(
      "sherd_backlog_rows",
      "What waits for background work; counted up to 10,000.",
      Object.entries(backlog).map(([kind, { rows }]) => ({ labels: { kind }, value: rows })),
    ),
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

function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, help, type: "gauge", samples };
}
