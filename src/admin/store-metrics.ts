import type { Metric, Sample } from "../base/prometheus.ts";
import { durability } from "../maintenance/census/durability.ts";
import { gather } from "../maintenance/run/gather.ts";
import type { StoreContext } from "../store/context.ts";
import { durabilityMetrics } from "./durability-metrics.ts";

/**
 * The durability report, and how far background work is: the same in all isolates. Four round trips to each database, and one small
 * call to each drive.
 */
export async function storeMetrics(store: StoreContext): Promise<Metric[]> {
  const [report, { databases, jobs }] = await Promise.all([durability(store), gather(store)]);
  const labelsOf = (job: (typeof jobs)[number]): Record<string, string> =>
    databases.length > 1 ? { job: job.name, database: job.database } : { job: job.name };
  const finished = jobs.flatMap((job): Sample[] =>
    job.finishedMs === null ? [] : [{ labels: labelsOf(job), value: job.finishedMs / 1000 }],
  );
  const did = jobs.flatMap((job) =>
    Object.entries(job.report ?? {}).map(([what, value]): Sample => ({ labels: { ...labelsOf(job), what }, value })),
  );
  return [
    ...durabilityMetrics(report),
    gauge("sherd_job_finished_timestamp_seconds", "When each job last ended well.", finished),
    gauge("sherd_job_last_run", "What each job did in its last good run.", did),
  ];
}

function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, help, type: "gauge", samples };
}
