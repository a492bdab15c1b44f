import type { Metric, Sample } from "../base/prometheus.ts";
import type { Usage } from "../metadata/usage/usage.ts";
import { allStores } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { accountSums } from "./usage-pages.ts";

/** Buckets and accounts with samples of their own: the largest. The others are added up, so that no series is without bound. */
const SERIES_MAX = 100;

/** Usage as gauges. Two round trips to each database. `seriesMax`: how many buckets, and accounts, have samples of their own. */
export async function usageMetrics(store: StoreContext, seriesMax = SERIES_MAX): Promise<Metric[]> {
  const [lists, accounts] = await Promise.all([
    Promise.all(allStores(store).map(({ metadata }) => metadata.usage.largest(seriesMax))),
    accountSums(store),
  ]);
  const buckets = lists
    .flat()
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, seriesMax);
  const owners = [...accounts].sort((a, b) => b.bytes - a.bytes);
  const rows = [
    ...buckets.map((one) => ({ labels: { bucket: one.bucket }, usage: one as Usage })),
    ...(buckets.length < seriesMax ? [] : others("bucket", accounts, buckets)),
  ];
  const largest = owners.slice(0, seriesMax);
  const accountRows = [
    ...largest.map((one) => ({ labels: { account: one.owner }, usage: one as Usage })),
    ...(largest.length < seriesMax ? [] : others("account", accounts, largest)),
  ];
  return [
    gauge("sherd_bucket_bytes", `Bytes of all versions, of the ${seriesMax} largest buckets.`, rows, "bytes"),
    gauge("sherd_bucket_objects", "Keys that have a current version.", rows, "objects"),
    gauge("sherd_bucket_versions", "Versions, current or not.", rows, "versions"),
    gauge("sherd_account_bytes", "Bytes of all versions, by the account's canonical id.", accountRows, "bytes"),
    gauge("sherd_account_objects", "Keys that have a current version, by account.", accountRows, "objects"),
  ];
}

interface Row {
  labels: Record<string, string>;
  usage: Usage;
}

/** What is in no sample of its own: the label has no value then. None if that is nothing. */
function others(label: string, all: readonly Usage[], told: readonly Usage[]): Row[] {
  const rest = (measure: keyof Usage) => sum(all, measure) - sum(told, measure);
  const usage = {
    bytes: rest("bytes"),
    versions: rest("versions"),
    objects: rest("objects"),
    deleteMarkers: rest("deleteMarkers"),
  };
  return usage.versions <= 0 ? [] : [{ labels: { [label]: "" }, usage }];
}

function sum(usages: readonly Usage[], measure: keyof Usage): number {
  return usages.reduce((total, usage) => total + usage[measure], 0);
}

function gauge(name: string, help: string, rows: readonly Row[], measure: keyof Usage): Metric {
  const samples = rows.map(({ labels, usage }): Sample => ({ labels, value: usage[measure] }));
  return { name, help, type: "gauge", samples };
}
