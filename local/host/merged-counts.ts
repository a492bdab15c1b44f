import { get } from "node:http";
import { text } from "node:stream/consumers";
import type { Metric, Sample } from "../../src/base/prometheus.ts";

/** What the Worker of one process answers on its counts socket. */
export interface CountsAnswer {
  /** Random: a Worker that was started anew has another one, and counts from 0. */
  isolate: string;
  /** Counters and histograms. */
  metrics: Metric[];
  /** When the oldest request under way began; null: none is. */
  oldestRequestMs: number | null;
}

const ANSWER_MS_MAX = 1_000;

/** One process's counts: what its Workers before this one had counted, and what this one says. */
interface Process {
  socketPath: string;
  last: CountsAnswer | null;
  ended: Metric[];
  isAnswering: boolean;
}

/**
 * Adds up what the Workers of all processes count. A sum never goes back: of a process that ends, what it said last stays in it,
 * so that what is lost is what it counted after that.
 */
export class MergedCounts {
  readonly #processes: Process[];

  /** Paths of the sockets. */
  constructor(socketPaths: Iterable<string>) {
    this.#processes = [...socketPaths].map((socketPath) => ({ socketPath, last: null, ended: [], isAnswering: false }));
  }

  /** Asks all processes. One that does not answer within a second counts as it was. Never rejects. */
  async refresh(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (one) => {
        const answer = await ask(one.socketPath).catch(() => null);
        one.isAnswering = answer !== null;
        if (!answer) return;
        // A process is asked by several at once: what was asked first may come last.
        if (one.last?.isolate === answer.isolate && totalOf(one.last) > totalOf(answer)) return;
        if (one.last && one.last.isolate !== answer.isolate) one.ended = sumMetrics([one.ended, one.last.metrics]);
        one.last = answer;
      }),
    );
  }

  metrics(): Metric[] {
    return sumMetrics(this.#processes.flatMap(({ ended, last }) => [ended, last?.metrics ?? []]));
  }

  /** When the oldest request under way began; null where there is none, undefined where not every process has answered. */
  oldestRequestMs(): number | null | undefined {
    if (this.#processes.some(({ isAnswering }) => !isAnswering)) return undefined;
    const begun = this.#processes.flatMap(({ last }) => last?.oldestRequestMs ?? []);
    return begun.length === 0 ? null : Math.min(...begun);
  }
}

/** Samples of the same name and labels become one. In the order in which they come first. */
function sumMetrics(lists: readonly (readonly Metric[])[]): Metric[] {
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

function ask(socketPath: string): Promise<CountsAnswer> {
  return new Promise((resolve, reject) => {
    const call = get({ socketPath, path: "/", agent: false, timeout: ANSWER_MS_MAX }, (response) => {
      text(response).then((said) => resolve(JSON.parse(said) as CountsAnswer), reject);
    });
    call.on("timeout", () => call.destroy(new Error("no answer")));
    call.on("error", reject);
  });
}
