import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { AwsClient } from "../aws/client.ts";
import { queries, useClient } from "../session/session.ts";
import { formatBytes, formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Loading } from "../ui/notice.tsx";
import { OperationsTable } from "./operations-table.tsx";
import { parseMetrics, type Sample } from "./prometheus.ts";
import { type Rates, type Reading, ratesOf, readingOf } from "./rates.ts";

const Chart = lazy(() => import("../ui/chart.tsx"));

const POLL_MS = 5_000;
/** Half an hour. */
const KEPT_MAX = 360;
const KEY = ["metrics"];

interface History {
  last: Reading;
  samples: Sample[];
  rates: Rates[];
}

/** Reads the counters, and adds what has happened since the last reading to the history that is kept in the query's answer. */
async function readMetrics(client: AwsClient): Promise<History> {
  const samples = parseMetrics(await (await client.send("sherd", { path: "/-/metrics" })).text());
  const last = readingOf(samples, Date.now());
  const before = queries.getQueryData<History>(KEY);
  const rates = before === undefined ? [] : [...before.rates, ratesOf(before.last, last)].slice(-KEPT_MAX);
  return { last, samples, rates };
}

/** Requests, times and bytes while somebody looks; then each operation since the server started. */
export function LiveCharts() {
  const t = useText();
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: () => readMetrics(client),
    refetchInterval: POLL_MS,
    gcTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return null;
  const timesMs = data.rates.map(({ atMs }) => atMs);
  const line = (label: string, of: (rates: Rates) => number | null) => ({ label, values: data.rates.map(of) });
  const perSecond = (value: number) => t("operations.perSecond", { value: formatNumber(value, DIGITS) });
  const bytesPerSecond = (value: number) => t("operations.perSecond", { value: formatBytes(value) });
  return (
    <>
      <h2>{t("operations.live")}</h2>
      <p className="quiet">{t("operations.liveHint")}</p>
      <Suspense fallback={<Loading label={t("loading")} />}>
        <div className="charts">
          <Chart
            title={t("operations.requests")}
            timesMs={timesMs}
            format={perSecond}
            topMin={1}
            series={[
              line(t("operations.allRequests"), (rates) => rates.requestsPerSecond),
              line(t("operations.failedRequests"), (rates) => rates.failuresPerSecond),
            ]}
          />
          <Chart
            title={t("operations.latency")}
            timesMs={timesMs}
            format={formatSeconds}
            topMin={0.01}
            series={[
              line(t("operations.median"), (rates) => rates.medianSeconds),
              line(t("operations.p99"), (rates) => rates.p99Seconds),
            ]}
          />
          <Chart
            title={t("operations.traffic")}
            timesMs={timesMs}
            format={bytesPerSecond}
            topMin={1000}
            series={[
              line(t("operations.received"), (rates) => rates.receivedPerSecond),
              line(t("operations.sent"), (rates) => rates.sentPerSecond),
            ]}
          />
        </div>
      </Suspense>
      <h2>{t("operations.byOperation")}</h2>
      <OperationsTable samples={data.samples} />
    </>
  );
}

const DIGITS = { maximumSignificantDigits: 3 } as const;

function formatSeconds(seconds: number): string {
  const isShort = seconds < 1;
  const options = { style: "unit", unit: isShort ? "millisecond" : "second", unitDisplay: "short", ...DIGITS } as const;
  return formatNumber(isShort ? seconds * 1000 : seconds, options);
}
