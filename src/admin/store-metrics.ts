import type { Metric, Sample } from "../base/prometheus.ts";
import { gather } from "../maintenance/run/gather.ts";
import type { StoreContext } from "../store/context.ts";

/** How far background work is, and how much there is, as D1 knows it: the same in all isolates. Two round trips to each database. */
export async function storeMetrics(store: StoreContext): Promise<Metric[]> {
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

function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, help, type: "gauge", samples };
}
