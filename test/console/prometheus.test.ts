import { describe, expect, test } from "vitest";
import { histogram, parseMetrics, quantile, sum } from "../../console/src/operations/prometheus.ts";
import { operationsOf, ratesOf, readingOf } from "../../console/src/operations/rates.ts";
import { type Metric, renderMetrics } from "../../src/base/prometheus.ts";

const requests = (get: number, failed: number): Metric => ({
  name: "sherd_requests_total",
  help: "Requests.",
  type: "counter",
  samples: [
    { labels: { operation: "GetObject", status: "200" }, value: get },
    { labels: { operation: "GetObject", status: "503" }, value: failed },
    { labels: { operation: "PutObject", status: "403" }, value: 2 },
  ],
});

const durations = (counts: [string, number][]): Metric => ({
  name: "sherd_request_duration_seconds",
  help: "Time.",
  type: "histogram",
  samples: counts.map(([le, value]) => ({ suffix: "_bucket", labels: { operation: "GetObject", le }, value })),
});

describe("metrics in the console", () => {
  test("are read as the store writes them", () => {
    const value = 'a "b" \\ c\nd {x="y"} 5';
    const metric: Metric = {
      name: "m",
      help: "h",
      type: "gauge",
      samples: [{ labels: { a: value, b: "" }, value: 1.5 }],
    };
    expect(parseMetrics(renderMetrics([metric]))).toEqual([{ name: "m", labels: { a: value, b: "" }, value: 1.5 }]);
  });

  test("take infinities, times and lines that are none", () => {
    const text = 'a +Inf\n\n# TYPE a gauge\nb{le="+Inf"} 3 1700000000000\nnonsense\nc{} -Inf\n';
    expect(parseMetrics(text)).toEqual([
      { name: "a", labels: {}, value: Number.POSITIVE_INFINITY },
      { name: "b", labels: { le: "+Inf" }, value: 3 },
      { name: "c", labels: {}, value: Number.NEGATIVE_INFINITY },
    ]);
    expect(sum(parseMetrics(text), "b")).toBe(3);
  });

  test("quantiles are interpolated within a bucket, over all operations", () => {
    const text = renderMetrics([
      durations([
        ["0.1", 10],
        ["1", 20],
        ["+Inf", 20],
      ]),
    ]);
    const counts = histogram(parseMetrics(text + text), "sherd_request_duration_seconds");
    expect([...counts]).toEqual([
      [0.1, 20],
      [1, 40],
      [Number.POSITIVE_INFINITY, 40],
    ]);
    expect(quantile(counts, 0.5)).toBeCloseTo(0.1);
    expect(quantile(counts, 0.75)).toBeCloseTo(0.55);
    expect(
      quantile(
        new Map([
          [1, 0],
          [Number.POSITIVE_INFINITY, 5],
        ]),
        0.5,
      ),
    ).toBe(1);
    expect(
      quantile(
        new Map([
          [1, 0],
          [Number.POSITIVE_INFINITY, 0],
        ]),
        0.5,
      ),
    ).toBeNull();
  });

  test("rates are differences, and unknown where a counter began again", () => {
    const at = (get: number, failed: number, atMs: number, fast: number) =>
      readingOf(
        parseMetrics(
          renderMetrics([
            requests(get, failed),
            durations([
              ["0.1", fast],
              ["+Inf", fast],
            ]),
          ]),
        ),
        atMs,
      );
    const rates = ratesOf(at(100, 1, 0, 50), at(150, 6, 10_000, 100));
    expect(rates).toMatchObject({ atMs: 10_000, requestsPerSecond: 5.5, failuresPerSecond: 0.5 });
    expect(rates.medianSeconds).toBeCloseTo(0.05);
    const again = ratesOf(at(100, 1, 0, 50), at(3, 0, 10_000, 3));
    expect(again).toMatchObject({ requestsPerSecond: null, failuresPerSecond: null, medianSeconds: null });
  });

  test("operations are summed over statuses, the most asked for first", () => {
    const [get, put] = operationsOf(parseMetrics(renderMetrics([requests(100, 3)])));
    expect(get).toMatchObject({ operation: "GetObject", requests: 103, refused: new Map([["503", 3]]) });
    expect(put).toMatchObject({ operation: "PutObject", requests: 2, refused: new Map([["403", 2]]) });
  });
});
