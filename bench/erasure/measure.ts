import { type Case, type Contestant, dataBytes, isPlain } from "./cases.ts";

/** One figure: the median of the interleaved samples, in 10^9 data bytes a second. */
export interface Row {
  readonly op: string;
  /** "k+m"; null if there is none. */
  readonly geometry: string | null;
  readonly implementation: string;
  readonly runtime: string;
  readonly gbps: number;
}

export interface MeasureOptions {
  readonly samples: number;
  readonly sampleSeconds: number;
}

interface Runner {
  readonly contestant: Contestant;
  readonly rounds: number;
  readonly gbps: number[];
}

/**
 * Runs one case with all contestants that know it, sample by sample in turn, so that interference
 * affects all.
 */
export async function measureCase(
  work: Case,
  contestants: readonly Contestant[],
  { samples, sampleSeconds }: MeasureOptions,
): Promise<Row[]> {
  const runners: Runner[] = [];
  for (const contestant of contestants) {
    const rounds = await roundsFor(contestant, work, sampleSeconds);
    if (rounds !== null) runners.push({ contestant, rounds, gbps: [] });
  }
  for (let sample = 0; sample < samples; sample++) {
    for (let turn = 0; turn < runners.length; turn++) {
      const runner = runners[(sample + turn) % runners.length] as Runner;
      const seconds = (await runner.contestant.run(work, runner.rounds)) as number;
      runner.gbps.push((runner.rounds * dataBytes(work)) / seconds / 1e9);
    }
  }
  const geometry = isPlain(work) ? null : `${work.geometry.k}+${work.geometry.m}`;
  return runners.map(({ contestant: { implementation, runtime }, gbps }) => ({
    op: work.op,
    geometry,
    implementation,
    runtime,
    gbps: Number(median(gbps).toPrecision(4)),
  }));
}

/** Rounds that fill a sample, found after a warm-up that lets the compiler finish; null if the contestant lacks the case. */
async function roundsFor(contestant: Contestant, work: Case, sampleSeconds: number): Promise<number | null> {
  const wanted = contestant.runtime === "workerd" ? 3 * sampleSeconds : sampleSeconds;
  let spent = 0;
  for (let rounds = 1; ; rounds *= 2) {
    const seconds = await contestant.run(work, rounds);
    if (seconds === null) return null;
    spent += seconds;
    if (spent > 4 * wanted && seconds > wanted / 4) return Math.max(1, Math.round((rounds * wanted) / seconds));
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
