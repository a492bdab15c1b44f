import type { Metric, Sample } from "../base/prometheus.ts";
import type { DurabilityReport } from "../maintenance/census/durability.ts";

/** The durability report as gauges: what the page says is what an alert is made of. */
export function durabilityMetrics(report: DurabilityReport): Metric[] {
  const { green, drives, census, backlog, databases } = report;
  const perDrive = (value: (drive: (typeof drives)[number]) => number) =>
    drives.map((drive): Sample => ({ labels: { drive: drive.name }, value: value(drive) }));
  return [
    gauge("sherd_green", "1 where nothing is wrong, as the page /-/durability says.", [{ value: Number(green) }]),
    gauge(
      "sherd_drive_up",
      "1 where the drive answers.",
      perDrive(({ reachable }) => Number(reachable)),
    ),
    gauge(
      "sherd_drive_latency_seconds",
      "How long the drive took to answer just now.",
      perDrive(({ latencyMs }) => latencyMs / 1000),
    ),
    gauge(
      "sherd_drive_shards",
      "Shards that lie on the drive, as far as rows say.",
      perDrive(({ shards }) => shards),
    ),
    gauge(
      "sherd_drive_stored_bytes",
      "Bytes of these shards.",
      perDrive(({ bytes }) => bytes),
    ),
    gauge("sherd_blobs", "Blobs by geometry and number of shards that they lack, when last counted.", blobs(census)),
    gauge("sherd_census_timestamp_seconds", "When the blobs were last counted.", time(census?.atMs ?? null)),
    gauge(
      "sherd_scrub_oldest_timestamp_seconds",
      "When the shard was verified whose verification is longest ago.",
      time(census?.totals.oldestVerifiedMs ?? null),
    ),
    gauge(
      "sherd_scrub_never_verified_shards",
      "Shards that were not verified since they were written.",
      census === null ? [] : [{ value: census.totals.neverVerified }],
    ),
    gauge(
      "sherd_d1_size_bytes",
      "How large each database is.",
      databases.map(({ name, sizeBytes }) => ({ labels: { database: name }, value: sizeBytes })),
    ),
    gauge(
      "sherd_backlog_rows",
      "What waits for background work; counted up to 10,000.",
      Object.entries(backlog).map(([kind, { rows }]) => ({ labels: { kind }, value: rows })),
    ),
    gauge(
      "sherd_backlog_oldest_timestamp_seconds",
      "Since when the oldest of it waits.",
      Object.entries(backlog).flatMap(([kind, { oldestMs }]) => time(oldestMs, { kind })),
    ),
  ];
}

function blobs(census: DurabilityReport["census"]): Sample[] {
  return Object.entries(census?.totals.redundancy ?? {}).flatMap(([geometry, counts]) => {
    const [k = 0, m = 0] = geometry.split("+").map(Number);
    return Object.entries(counts).map(
      ([good, value]): Sample => ({ labels: { geometry, lacking: String(k + m - Number(good)) }, value }),
    );
  });
}

/** None if it never was. */
function time(ms: number | null, labels: Record<string, string> = {}): Sample[] {
  return ms === null ? [] : [{ labels, value: ms / 1000 }];
}

function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, help, type: "gauge", samples };
}
