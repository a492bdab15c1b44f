import type { SeededRandom } from "../../sim/random.ts";

/** A bucket of the simulation. Time runs from 0 to 1. */
export interface SimulatedBucket {
  name: string;
  /** When it is made. */
  madeAt: number;
  /** At the end. */
  objects: number;
}

/**
 * `count` buckets with `objects` objects in all, made at any time, a quarter of them at once (somebody moves in): sizes are log-normal, so that a few buckets hold most of
 * the objects. `bucketObjectsMax`: larger ones are cut down to it, and the others are so much larger.
 */
export function populate(
  random: SeededRandom,
  { count, objects, bucketObjectsMax }: { count: number; objects: number; bucketObjectsMax: number },
): SimulatedBucket[] {
  const weights = Array.from({ length: count }, () => Math.exp(SIGMA * normal(random)));
  let sizes = weights;
  for (let round = 0; round < CUTS; round++) {
    const scale = objects / sum(sizes);
    sizes = sizes.map((size) => Math.min(size * scale, bucketObjectsMax));
  }
  return sizes.map((size, n) => ({ name: `bucket-${n}-${random.next()}`, madeAt: madeAt(random), objects: size }));
}

/** How uneven: the largest thousandth of the buckets holds about a third of the objects. */
const SIGMA = 2.5;
const CUTS = 20;

/** How a bucket grows. */
export type Growth = "steady" | "early";

/** Share of its final objects that a bucket of this age has: `early` ones have all after a tenth of the time. */
export function grown(growth: Growth, { madeAt }: SimulatedBucket, now: number): number {
  if (now <= madeAt) return 0;
  const span = growth === "steady" ? 1 - madeAt : Math.min(0.1, 1 - madeAt);
  return Math.min(1, (now - madeAt) / span);
}

function madeAt(random: SeededRandom): number {
  return random.chance(0.25) ? 0.3 : uniform(random);
}

export function uniform(random: SeededRandom): number {
  return random.next() / 2 ** 32;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** By Box and Muller. */
function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}
