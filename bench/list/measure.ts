import type { BenchClient } from "../support/http-client.ts";
import { median, pairedRatio } from "../support/statistics.ts";
import { type Filled, type Listed, pagesOf, walksOf } from "./pages.ts";
import type { Shape } from "./shapes.ts";

/** One page, or walk, of one bucket. */
export interface Row {
  shape: string;
  keys: number;
  page: string;
  entries: number;
  /** Of a page the median, of a walk all of it. */
  ms: number;
  /** Rows that D1 read for it. */
  rowsRead: number;
  requests: number;
  /** Its time divided by that of the same page of the smallest bucket, median over the turns. */
  ratioToSmallest: number;
}

/**
 * Takes each page of all buckets in turn, this many times and once more that does not count; then
 * walks each bucket once.
 */
export async function measurePages(
  client: BenchClient,
  shape: Shape,
  buckets: readonly Filled[],
  rounds: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const page of pagesOf(shape)) {
    const samples = buckets.map((): Listed[] => []);
    for (let round = -1; round < rounds; round++) {
      for (const [index, filled] of buckets.entries()) {
        const listed = await page.run(client, filled);
        if (round >= 0) samples[index]?.push(listed);
      }
    }
    const times = samples.map((taken) => taken.map(({ ms }) => ms));
    for (const [index, { keys }] of buckets.entries()) {
      const [one] = samples[index] ?? [];
      if (!one) continue;
      const ratioToSmallest = pairedRatio(times[index] ?? [], times[0] ?? []);
      rows.push({ shape: shape.name, keys, page: page.name, ...one, ms: median(times[index] ?? []), ratioToSmallest });
    }
    process.stderr.write(`${shape.name}, ${page.name} done\n`);
  }
  for (const walk of walksOf(shape)) {
    let smallestMs = 0;
    for (const filled of buckets) {
      const listed = await walk.run(client, filled);
      smallestMs ||= listed.ms;
      rows.push({
        shape: shape.name,
        keys: filled.keys,
        page: walk.name,
        ...listed,
        ratioToSmallest: listed.ms / smallestMs,
      });
    }
    process.stderr.write(`${shape.name}, ${walk.name} done\n`);
  }
  return rows;
}
