import { get } from "node:http";
import { text } from "node:stream/consumers";
import type { Metric, Sample } from "../../src/base/prometheus.ts";
import { mergeErrors, type RecentError } from "../../src/edge/recent-errors.ts";

/** What one process has counted. */
export interface CountsAnswer {
  /** Random: a Worker that was started anew has another one, and counts from 0. */
  isolate: string;
  /** Counters and histograms. */
  metrics: Metric[];
}

const ANSWER_MS_MAX = 1_000;

/** One process's counts: what its Workers before this one had counted, and what this one says. */
interface Process {
  last: CountsAnswer | null;
  ended: Metric[];
}

/**
 * Adds up what all processes count. A sum never goes back: of a process that ends, what it said last stays in it, so that what is
 * lost is what it counted after that.
 */
export class MergedCounts {
  readonly #socketPaths: readonly string[];
  readonly #processes = new Map<string, Process>();

  /** Paths of the sockets on which Workers tell their counts. */
  constructor(socketPaths: Iterable<string>) {
    this.#socketPaths = [...socketPaths];
  }

  /** Asks all that have sockets. One that does not answer within a second counts as it was. Never rejects. */
  async refresh(): Promise<void> {
    await Promise.all(
      this.#socketPaths.map(async (path) => {
        const answer = await ask<CountsAnswer>(path, "/").catch(() => null);
        if (answer) this.take(path, answer);
      }),
    );
  }

  /** The last requests of all that failed or were refused, the newest first. One that does not answer has none. Never rejects. */
  async errors(): Promise<RecentError[]> {
    const each = this.#socketPaths.map((path) => ask<RecentError[]>(path, "/errors").catch(() => []));
    return mergeErrors(await Promise.all(each));
  }

  /** Takes what a process says. One process is asked by several at once: what was asked first may come last. */
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

/** Samples of the same name and labels become one. In the order in which they come first. */
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
