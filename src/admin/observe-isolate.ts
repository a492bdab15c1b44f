import type { DriveCounts } from "../drives/counted.ts";
import { RequestMetrics } from "../edge/request-metrics.ts";
import { CostMeter } from "../metadata/database.ts";

/** Counters of a new isolate: its requests, and its calls to D1 and to drives. `more`: further metrics. */
export function observeIsolate(more: ConstructorParameters<typeof RequestMetrics>[0]) {
  const cost = new CostMeter();
  const driveCounts = new Map<string, DriveCounts>();
  const requests = new RequestMetrics(more);
  return { cost, driveCounts, requests, observed: { drives: driveCounts, cost, ...requests.observed } };
}
