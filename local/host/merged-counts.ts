import { get } from "node:http";
import { text } from "node:stream/consumers";
import type { Metric, Sample } from "../../src/base/prometheus.ts";
import { mergeErrors, type RecentError } from "../../src/edge/recent-errors.ts";

/** Counts of one process. */
export interface CountsAnswer {
  /** Random: a restarted Worker has another one, and counts from 0. */
  isolate: string;
  /** Counters and histograms. */
  metrics: Metric[];
}

const ANSWER_MS_MAX = 1_000;

/** Counts of one process: the sum of its earlier Workers, and the present one's. */
interface Process {
  last: CountsAnswer | null;
  ended: Metric[];
}

/**
 * Adds up the counts of all processes. A sum never decreases: the last report of a process that
 * ends stays in it. Only counts after that report are lost.
 */
export class MergedCounts {
  readonly #socketPaths: readonly string[];
  readonly #processes = new Map<string, Process>();

  /** Paths of the sockets on which Workers report their counts. */
  constructor(socketPaths: Iterable<string>) {
    this.#socketPaths = [...socketPaths];
  }

  /**
   * Asks all that have sockets. If one does not answer within a second, its last report counts.
   * Never rejects.
   */
  async refresh(): Promise<void> {
    await Promise.all(
      this.#socketPaths.map(async (path) => {
        const answer = await ask<CountsAnswer>(path, "/").catch(() => null);
        if (answer) this.take(path, answer);
      }),
    );
  }

  /**
   * The last failed or refused requests of all processes, newest first. A process that does not
   * answer has none. Never rejects.
   */
  async errors(): Promise<RecentError[]> {
    const each = this.#socketPaths.map((path) => ask<RecentError[]>(path, "/errors").catch(() => []));
    return mergeErrors(await Promise.all(each));
  }

  /**
   * Accepts a report. Several callers may ask one process at once, so an earlier question's answer
   * may come later.
   */
  take(name: string, answer: CountsAnswer): void {
    const one = this.#processes.get(name) ?? { last: null, ended: [] };
    this.#processes.set(name, one);
    if (one.last?.isolate === answer.isolate && totalOf(one.last) > totalOf(answer)) return;
    if (one.last && one.last.isolate !== answer.isolate) one.ended = sumMetrics([one.ended, one.last.metrics]);
    one.last = answer;
  }

  metrics(): Metric[] {
    return sumMetrics([...this.#processes.values()].flatMap(({ ended, last }) => [ended, last?.metrics ?? []]));
  }
}

/** Merges samples of the same name and labels, in order of first appearance. */
export function sumMetrics(lists: readonly (readonly Metric[])[]): Metric[] {
  const metrics = new Map<string, { metric: Metric; samples: Map<string, Sample> }>();
  for (const metric of lists.flat()) {
    const sum = metrics.get(metric.name) ?? { metric, samples: new Map() };
    metrics.set(metric.name, sum);
    for (const sample of metric.samples) {
      const key = JSON.stringify([sample.suffix ?? "", Object.entries(sample.labels ?? {}).sort()]);
      const before = sum.samples.get(key)?.value ?? 0;
      sum.samples.set(key, { ...sample, value: before + sample.value });
    }
  }
  return [...metrics.values()].map(({ metric, samples }) => ({ ...metric, samples: [...samples.values()] }));
}

function totalOf({ metrics }: CountsAnswer): number {
  let total = 0;
  for (const { samples } of metrics) for (const { value } of samples) total += value;
  return total;
}

function ask<Answer>(socketPath: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = get({ socketPath, path, agent: false, timeout: ANSWER_MS_MAX }, (response) => {
      text(response).then((said) => resolve(JSON.parse(said) as Answer), reject);
    });
    call.on("timeout", () => call.destroy(new Error("no answer")));
    call.on("error", reject);
  });
}
