import { type Metric, renderMetrics } from "../base/prometheus.ts";
import { durability } from "../maintenance/census/durability.ts";
import { checkStore, parseCheckCursor } from "../maintenance/check/check.ts";
import { runJobs } from "../maintenance/run/run-jobs.ts";
import { findSnapshots } from "../maintenance/snapshots/find-snapshots.ts";
import { restoreMetadata, summaryOf } from "../maintenance/snapshots/restore.ts";
import { MetadataUnavailable } from "../metadata/database.ts";
import { allStores } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { StoreError } from "../store/failure.ts";
import { budgetOf } from "./call-budget.ts";
import { durabilityPage } from "./durability-page.ts";
import { type DataKeysOf, encryptionPages } from "./encryption-pages.ts";
import { errorsPage } from "./errors-page.ts";
import { healPage, verifyPage } from "./healing-pages.ts";
import { isolateMetrics, type Observed } from "./isolate-metrics.ts";
import { jsonPage, refusal } from "./json-page.ts";
import { lifecyclePages } from "./lifecycle-pages.ts";
import { placementPage } from "./placement-page.ts";
import { rateLimitPages } from "./rate-limit-pages.ts";
import { searchPages } from "./search-pages.ts";
import type { OwnPage } from "./serve-page.ts";
import { storeMetrics } from "./store-metrics.ts";
import { usageMetrics } from "./usage-metrics.ts";
import { usagePages } from "./usage-pages.ts";

/** The server's own pages, by name below `/-/`. Without `dataKeysOf` there is no KMS. */
export function ownPages(store: StoreContext, observed: Observed, dataKeysOf?: DataKeysOf): Map<string, OwnPage[]> {
  const durabilityPages: OwnPage = {
    method: "GET",
    action: "sherd:GetDurability",
    async render({ accept }) {
      const report = await durability(store);
      if (accept.includes("text/html")) {
        return { contentType: "text/html; charset=utf-8", body: durabilityPage(report) };
      }
      return jsonPage(report);
    },
  };
  const snapshotsPage: OwnPage = {
    method: "GET",
    action: "sherd:ListSnapshots",
    async render() {
      const each = allStores(store).map(async (one) => {
        const { complete, incomplete, unreachable } = await findSnapshots(one);
        return { database: one.metadata.identity.name, complete: complete.map(summaryOf), incomplete, unreachable };
      });
      return jsonPage(await Promise.all(each));
    },
  };
  const restorePage: OwnPage = {
    method: "POST",
    action: "sherd:RestoreMetadata",
    async render({ query }) {
      const name = query.get("database") ?? store.metadata.identity.name;
      const one = allStores(store).find(({ metadata }) => metadata.identity.name === name);
      if (!one) return refusal(400, "there is no such database");
      return jsonPage(await restoreMetadata(one, { snapshotId: query.get("snapshot"), budget: budgetOf(store) }));
    },
  };
  const checkPage: OwnPage = {
    method: "GET",
    action: "sherd:CheckStore",
    async render({ query }) {
      const text = query.get("from");
      const from = text === null ? null : parseCheckCursor(text);
      if (text !== null && from === null) return refusal(400, "`from` is not what a check gave as `next`");
      return jsonPage(await checkStore(store, from, budgetOf(store)));
    },
  };
  const runPage: OwnPage = {
    method: "POST",
    action: "sherd:RunJobs",
    render: async () => jsonPage(Object.fromEntries(await runJobs(store))),
  };
  const metricsPage: OwnPage = {
    method: "GET",
    action: "sherd:GetMetrics",
    async render() {
      const counted = ((await store.host?.metrics()) as Metric[] | null | undefined) ?? isolateMetrics(observed);
      const told = [...counted, ...(await storeMetrics(store)), ...(await usageMetrics(store))];
      return { contentType: "text/plain; version=0.0.4; charset=utf-8", body: renderMetrics(told) };
    },
  };
  const pages = {
    durability: durabilityPages,
    metrics: metricsPage,
    errors: errorsPage(store, observed),
    snapshots: snapshotsPage,
    restore: restorePage,
    check: checkPage,
    heal: healPage(store),
    verify: verifyPage(store),
    placement: placementPage(store),
    run: runPage,
  };
  const single = Object.entries({ ...pages, ...lifecyclePages(store) }).map(([name, page]): [string, OwnPage[]] => [
    name,
    [page],
  ]);
  const all = [
    ...single,
    ...encryptionPages(store, dataKeysOf),
    ...usagePages(store),
    ...rateLimitPages(store),
    ...searchPages(store),
  ];
  return new Map(all.map(([name, ways]) => [name, ways.map(whileAvailable)]));
}

/** The page, which says so where the metadata do not answer. */
function whileAvailable(page: OwnPage): OwnPage {
  return {
    ...page,
    async render(asked) {
      try {
        return await page.render(asked);
      } catch (error) {
        const isUnavailable = error instanceof StoreError && error.failure.kind === "metadata-unavailable";
        if (!isUnavailable && !(error instanceof MetadataUnavailable)) throw error;
        return { status: 503, contentType: "text/plain; charset=utf-8", body: "the metadata do not answer\n" };
      }
    },
  };
}
