import { histogram, quantile, type Sample, sum } from "./prometheus.ts";

/** What the counters said at one time. */
export interface Reading {
  atMs: number;
  requests: number;
  /** Requests that ended with a status of 500 or more. */
  failures: number;
  receivedBytes: number;
  sentBytes: number;
  durations: ReadonlyMap<number, number>;
}

/** What went on between two readings; null if a counter began again meanwhile. */
export interface Rates {
  atMs: number;
  requestsPerSecond: number | null;
  failuresPerSecond: number | null;
  receivedPerSecond: number | null;
  sentPerSecond: number | null;
  medianSeconds: number | null;
  p99Seconds: number | null;
}

export function readingOf(samples: readonly Sample[], atMs: number): Reading {
  return {
    atMs,
    requests: sum(samples, "sherd_requests_total"),
    failures: sum(samples, "sherd_requests_total", ({ labels }) => Number(labels.status) >= 500),
    receivedBytes: sum(samples, "sherd_received_bytes_total"),
    sentBytes: sum(samples, "sherd_sent_bytes_total"),
    durations: histogram(samples, "sherd_request_duration_seconds"),
  };
}

/** Rates from the differences of two readings. A server that was started again counts from zero: then they are not known. */
export function ratesOf(before: Reading, after: Reading): Rates {
  const seconds = (after.atMs - before.atMs) / 1000;
  const isSame = seconds > 0 && after.requests >= before.requests && after.sentBytes >= before.sentBytes;
  const rate = (of: (reading: Reading) => number) => (isSame ? Math.max(0, of(after) - of(before)) / seconds : null);
  const counted = new Map(
    [...after.durations].map(([bound, count]) => [bound, count - (before.durations.get(bound) ?? 0)] as const),
  );
  return {
    atMs: after.atMs,
    requestsPerSecond: rate(({ requests }) => requests),
    failuresPerSecond: rate(({ failures }) => failures),
    receivedPerSecond: rate(({ receivedBytes }) => receivedBytes),
    sentPerSecond: rate(({ sentBytes }) => sentBytes),
    medianSeconds: isSame ? quantile(counted, 0.5) : null,
    p99Seconds: isSame ? quantile(counted, 0.99) : null,
  };
}

export interface OperationRow {
  operation: string;
  requests: number;
  /** By status, those of 400 and more. */
  refused: ReadonlyMap<string, number>;
  meanSeconds: number | null;
}

/** Each operation since the server started, the most asked for first. */
export function operationsOf(samples: readonly Sample[]): OperationRow[] {
  const rows = new Map<string, { requests: number; refused: Map<string, number> }>();
  for (const { name, labels, value } of samples) {
    if (name !== "sherd_requests_total") continue;
    const { operation = "", status = "" } = labels;
    const row = rows.get(operation) ?? { requests: 0, refused: new Map<string, number>() };
    rows.set(operation, row);
    row.requests += value;
    if (Number(status) >= 400) row.refused.set(status, (row.refused.get(status) ?? 0) + value);
  }
  const isOf = (operation: string) => (sample: Sample) => sample.labels.operation === operation;
  return [...rows]
    .map(([operation, row]) => {
      const count = sum(samples, "sherd_request_duration_seconds_count", isOf(operation));
      const seconds = sum(samples, "sherd_request_duration_seconds_sum", isOf(operation));
      return { operation, ...row, meanSeconds: count > 0 ? seconds / count : null };
    })
    .sort((a, b) => b.requests - a.requests);
}
