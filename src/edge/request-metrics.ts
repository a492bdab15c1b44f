import type { Metric, Sample } from "../base/prometheus.ts";
import { RecentErrors } from "./recent-errors.ts";

/** Upper bounds of the histogram's buckets. */
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const;

export interface ServedRequest {
  /** Name of the S3 operation, or "unknown" where the request was refused before it was known. */
  operation: string;
  status: number;
  /** Until the last byte of the answer. */
  ms: number;
  receivedBytes: number;
  sentBytes: number;
}

interface Histogram {
  counts: number[];
  sumMs: number;
}

/** Requests since this isolate began. Operations and statuses are few, so this is bounded. */
export class RequestMetrics {
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Histogram>();
  readonly #more: readonly { metrics(): Metric[] }[];
  /** The last of them that failed or were refused. */
  readonly errors = new RecentErrors();
  /** For the pages that show it. */
  readonly observed = { requests: () => this.metrics(), errors: () => this.errors.list() };
  #receivedBytes = 0;
  #sentBytes = 0;

  /** `more`: what else is counted of requests. */
  constructor(more: readonly { metrics(): Metric[] }[] = []) {
    this.#more = more;
  }

  record({ operation, status, ms, receivedBytes, sentBytes }: ServedRequest): void {
    const key = `${operation} ${status}`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const histogram = this.#durations.get(operation) ?? { counts: [...BOUNDS_MS.map(() => 0), 0], sumMs: 0 };
    this.#durations.set(operation, histogram);
    const bucket = BOUNDS_MS.findIndex((bound) => ms <= bound);
    const at = bucket < 0 ? BOUNDS_MS.length : bucket;
    histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
    histogram.sumMs += ms;
    this.#receivedBytes += receivedBytes;
    this.#sentBytes += sentBytes;
  }

  metrics(): Metric[] {
    const requests = [...this.#requests].map(([key, value]): Sample => {
      const [operation = "", status = ""] = key.split(" ");
      return { labels: { operation, status }, value };
    });
    return [
      {
        name: "sherd_requests_total",
        help: "S3 requests by operation and status.",
        type: "counter",
        samples: requests,
      },
      {
        name: "sherd_request_duration_seconds",
        help: "Time until the last byte of the answer.",
        type: "histogram",
        samples: [...this.#durations].flatMap(([operation, histogram]) => samplesOf(operation, histogram)),
      },
      {
        name: "sherd_received_bytes_total",
        help: "Declared bytes of request bodies.",
        type: "counter",
        samples: [{ value: this.#receivedBytes }],
      },
      {
        name: "sherd_sent_bytes_total",
        help: "Declared bytes of answers.",
        type: "counter",
        samples: [{ value: this.#sentBytes }],
      },
      ...this.#more.flatMap((one) => one.metrics()),
    ];
  }
}

function samplesOf(operation: string, { counts, sumMs }: Histogram): Sample[] {
  let sum = 0;
  const buckets = counts.map((count, at): Sample => {
    sum += count;
    const bound = BOUNDS_MS[at];
    const le = bound === undefined ? "+Inf" : String(bound / 1000);
    return { suffix: "_bucket", labels: { operation, le }, value: sum };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: { operation }, value: sumMs / 1000 },
    { suffix: "_count", labels: { operation }, value: sum },
  ];
}
