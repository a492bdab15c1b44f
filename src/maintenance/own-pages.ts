import { type Metric, renderMetrics } from "../base/prometheus.ts";
import type { DriveCounts } from "../drives/counted.ts";
import type { Cost } from "../metadata/database.ts";
import type { StoreContext } from "../store/context.ts";
import { durability } from "./durability.ts";
import { durabilityPage } from "./durability-page.ts";
import { storeMetrics } from "./store-metrics.ts";

interface Page {
  render(accept: string): Promise<{ contentType: string; body: string }>;
}

/** What is known of an isolate besides its store. */
export interface Observed {
  drives: ReadonlyMap<string, DriveCounts>;
  cost: Readonly<Cost>;
  /** Of the requests that it served. */
  requests(): Metric[];
}

/** The server's own pages, by name below `/-/`. */
export function ownPages(store: StoreContext, observed: Observed): Map<string, Page> {
  const durabilityPages: Page = {
    async render(accept) {
      const report = await durability(store);
      if (accept.includes("text/html")) {
        return { contentType: "text/html; charset=utf-8", body: durabilityPage(report) };
      }
      return { contentType: "application/json", body: `${JSON.stringify(report, null, 2)}\n` };
    },
  };
  const metricsPage: Page = {
    async render() {
      const metrics = [...observed.requests(), ...(await storeMetrics(store, observed.drives, observed.cost))];
      return { contentType: "text/plain; version=0.0.4; charset=utf-8", body: renderMetrics(metrics) };
    },
  };
  return new Map([
    ["durability", durabilityPages],
    ["metrics", metricsPage],
  ]);
}
