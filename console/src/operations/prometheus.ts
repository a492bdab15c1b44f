/** A line of the text exposition format, version 0.0.4. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads metrics as Prometheus writes them. Lines that are none are passed over, as comments are. */
export function parseMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value = ""] = LINE.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels: parseLabels(labels), value: numberOf(value) }];
  });
}

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [name, unescapeLabel(value)] as const);
  return Object.fromEntries(pairs);
}

function unescapeLabel(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

export function sum(samples: readonly Sample[], name: string, isWanted: (sample: Sample) => boolean = () => true) {
  return samples.reduce((all, one) => (one.name === name && isWanted(one) ? all + one.value : all), 0);
}

/** Counts of a histogram's buckets over all its labels, by upper bound in ascending order. */
export function histogram(samples: readonly Sample[], name: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket`) continue;
    const bound = numberOf(sample.labels.le ?? "");
    counts.set(bound, (counts.get(bound) ?? 0) + sample.value);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

/**
 * The value below which the share `q` of what a histogram counted lies, by linear interpolation within its bucket, as `histogram_quantile`
 * of Prometheus does; null if nothing was counted.
 */
export function quantile(counts: ReadonlyMap<number, number>, q: number): number | null {
  const bounds = [...counts];
  const total = bounds.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = q * total;
  let [below, counted] = [0, 0];
  for (const [bound, count] of bounds) {
    if (count >= rank) {
      // Nothing is known about the last bucket but where it begins.
      if (bound === Number.POSITIVE_INFINITY) return below;
      return count === counted ? bound : below + (bound - below) * ((rank - counted) / (count - counted));
    }
    [below, counted] = [bound, count];
  }
  return below;
}
