// How likely data is lost in a year, for the drive sets of docs/configuration.md: `npm run bench:loss -- [--json FILE]`. Nothing is
// measured: it is arithmetic over assumptions, which docs/durability.md states.

import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { MemoryDrive } from "../src/drives/memory.ts";
import type { Geometry } from "../src/erasure/geometry.ts";
import { newId } from "../src/store/placement/ids.ts";
import { placeShards } from "../src/store/placement/placement.ts";
import { writeRows } from "./support/write-rows.ts";

/** Assumptions about the drives. Probabilities are per year. */
export interface Assumptions {
  /** A given drive is lost with all that is on it. */
  driveLoss: number;
  /** A given failure domain is lost, with all of its drives at once. */
  domainLoss: number;
  /** A given shard is damaged or vanishes, on a drive that goes on. */
  shardDamage: number;
  /** From the loss of a drive until that is noticed, on the average. */
  detectHours: number;
  /** From then on until its shards are rebuilt, on the average. */
  repairHours: number;
  /** From the damage of a shard until it is found and rebuilt, on the average: half a cycle of the scrub, and the healing. */
  findHours: number;
}

/** A set of drives: the failure domain of each. */
export interface DriveSet {
  name: string;
  domains: readonly string[];
  geometry: Geometry;
}

export interface Loss extends Assumptions {
  set: string;
  geometry: string;
  /** Probability that a given blob is lost within a year. */
  blobLoss: number;
  /** Probability that enough drives are lost at once to lose some blobs. */
  someLoss: number;
}

const HOURS_PER_YEAR = 8766;

const providers = ["cloudflare", "cloudflare", "cloudflare", "backblaze", "aws"];
const buckets = ["1", "2", "3", "4", "5", "6"];
const account = Array.from(buckets, () => "account");

export const SETS: readonly DriveSet[] = [
  { name: "six R2 buckets", domains: buckets, geometry: { k: 4, m: 2 } },
  { name: "six R2 buckets", domains: buckets, geometry: { k: 1, m: 2 } },
  { name: "six R2 buckets, one account", domains: account, geometry: { k: 4, m: 2 } },
  { name: "three providers", domains: providers, geometry: { k: 2, m: 2 } },
  { name: "three providers", domains: providers, geometry: { k: 1, m: 2 } },
  { name: "one bucket, no coding", domains: ["1"], geometry: { k: 1, m: 0 } },
];

/** Cron checks every drive each five minutes. */
const WATCHED_HOURS = 2.5 / 60;
/** Half a cycle of the scrub: the time if nothing checked the drives themselves. */
const SCRUBBED_HOURS = 360;

const SCENARIOS: readonly Assumptions[] = [
  { driveLoss: 0.01, domainLoss: 0, shardDamage: 1e-6, detectHours: WATCHED_HOURS, repairHours: 24, findHours: 360 },
  { driveLoss: 0.01, domainLoss: 0, shardDamage: 1e-6, detectHours: SCRUBBED_HOURS, repairHours: 24, findHours: 360 },
  {
    driveLoss: 0.01,
    domainLoss: 0.001,
    shardDamage: 1e-6,
    detectHours: WATCHED_HOURS,
    repairHours: 24,
    findHours: 360,
  },
  {
    driveLoss: 0.05,
    domainLoss: 0.001,
    shardDamage: 1e-4,
    detectHours: WATCHED_HOURS,
    repairHours: 168,
    findHours: 360,
  },
];

/** A chain of states in continuous time. Rates are per year; `to` null: the blob is lost. */
interface Chain {
  states: number;
  moves: { from: number; to: number | null; rate: number }[];
}

/**
 * Probability that the chain, begun in state 0, is lost within a year. By uniformisation: sums of products of positive numbers
 * only, so that small probabilities keep their digits.
 */
export function lossWithinYear({ states, moves }: Chain): number {
  const out = new Float64Array(states);
  for (const { from, rate } of moves) out[from] = (out[from] as number) + rate;
  const pace = Math.max(1, ...out);
  let now: Float64Array = new Float64Array(states);
  now[0] = 1;
  let lost = 0;
  let sum = 0;
  const steps = Math.ceil(pace + 12 * Math.sqrt(pace) + 40);
  let logWeight = -pace;
  for (let step = 0; step <= steps; step++) {
    sum += Math.exp(logWeight) * lost;
    logWeight += Math.log(pace) - Math.log(step + 1);
    const next = now.map((share, state) => share * (1 - (out[state] as number) / pace));
    for (const { from, to, rate } of moves) {
      const share = ((now[from] as number) * rate) / pace;
      if (to === null) lost += share;
      else next[to] = (next[to] as number) + share;
    }
    now = next;
  }
  return sum;
}

/** For how long what was on a lost drive is missing. */
function goneHours({ detectHours, repairHours }: Assumptions): number {
  return detectHours + repairHours;
}

function ratePerYear(probability: number): number {
  return -Math.log1p(-probability);
}

/** Sets of drives that hold the shards of a blob together, and how large a part of the blobs each has: by the placement itself. */
export function placements({ domains, geometry }: DriveSet): { drives: number[]; share: number }[] {
  const drives = domains.map((domain, index) => new MemoryDrive({ name: `${index}`, domain }));
  const counts = new Map<string, number>();
  const samples = 4_000;
  for (let sample = 0; sample < samples; sample++) {
    const id = newId({ clock: { now: () => 0 } as never, random: (count) => new Uint8Array(randomBytes(count)) });
    const count = geometry.k + geometry.m;
    const placed = placeShards(drives, { id, count, shardBytes: 1, class: "large" });
    if (!placed) throw new Error("too few drives");
    const key = placed
      .map(({ name }) => Number(name))
      .sort((a, b) => a - b)
      .join(",");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, n]) => ({ drives: key.split(",").map(Number), share: n / samples }));
}

/** States are sets of lost drives, as bits. */
function drivesChain({ domains, geometry: { m } }: DriveSet, of: readonly number[][], given: Assumptions): Chain {
  const isLost = (set: number) => of.some((drives) => drives.filter((drive) => set & (1 << drive)).length > m);
  const states = 2 ** domains.length;
  const moves: Chain["moves"] = [];
  for (let from = 0; from < states; from++) {
    if (isLost(from)) continue;
    const go = (to: number, rate: number) => {
      if (to !== from && rate > 0) moves.push({ from, to: isLost(to) ? null : to, rate });
    };
    domains.forEach((_, drive) => {
      const bit = 1 << drive;
      if (from & bit) go(from & ~bit, HOURS_PER_YEAR / goneHours(given));
      else go(from | bit, ratePerYear(given.driveLoss));
    });
    for (const domain of new Set(domains)) go(from | bitsOf(domains, domain), ratePerYear(given.domainLoss));
  }
  return { states, moves };
}

function bitsOf(domains: readonly string[], domain: string): number {
  return domains.reduce((bits, other, drive) => (other === domain ? bits | (1 << drive) : bits), 0);
}

/** States give each shard a digit: 0 good, 1 damaged, 2 on a lost drive. */
function blobChain({ domains, geometry: { m } }: DriveSet, drives: readonly number[], given: Assumptions): Chain {
  const states = 3 ** drives.length;
  const digit = (state: number, shard: number) => Math.floor(state / 3 ** shard) % 3;
  const isLost = (state: number) => drives.filter((_, shard) => digit(state, shard) > 0).length > m;
  const withDigit = (state: number, shard: number, to: number) => state + (to - digit(state, shard)) * 3 ** shard;
  const moves: Chain["moves"] = [];
  for (let from = 0; from < states; from++) {
    if (isLost(from)) continue;
    const go = (to: number, rate: number) => {
      if (to !== from && rate > 0) moves.push({ from, to: isLost(to) ? null : to, rate });
    };
    drives.forEach((_, shard) => {
      const is = digit(from, shard);
      if (is === 1) go(withDigit(from, shard, 0), HOURS_PER_YEAR / given.findHours);
      if (is === 2) go(withDigit(from, shard, 0), HOURS_PER_YEAR / goneHours(given));
      if (is === 0) go(withDigit(from, shard, 1), ratePerYear(given.shardDamage));
      if (is !== 2) go(withDigit(from, shard, 2), ratePerYear(given.driveLoss));
    });
    for (const domain of new Set(domains)) {
      const to = drives.reduce(
        (state, drive, shard) => (domains[drive] === domain ? withDigit(state, shard, 2) : state),
        from,
      );
      go(to, ratePerYear(given.domainLoss));
    }
  }
  return { states, moves };
}

export function lossOf(set: DriveSet, given: Assumptions): Loss {
  const placed = placements(set);
  // By symmetry of the drives within their domains, one placement is as good as another if they use
  // the same number of domains.
  const shapes = new Map<string, { drives: number[]; share: number }>();
  for (const { drives, share } of placed) {
    const shape = drives.map((drive) => set.domains.filter((domain) => domain === set.domains[drive]).length).join();
    shapes.set(shape, { drives, share: (shapes.get(shape)?.share ?? 0) + share });
  }
  const blobLoss = [...shapes.values()].reduce(
    (sum, { drives, share }) => sum + share * lossWithinYear(blobChain(set, drives, given)),
    0,
  );
  const someLoss = lossWithinYear(
    drivesChain(
      set,
      placed.map(({ drives }) => drives),
      given,
    ),
  );
  return { set: set.name, geometry: `${set.geometry.k}+${set.geometry.m}`, ...given, blobLoss, someLoss };
}

/** All rows of the table in docs/durability.md. */
export function losses(): Loss[] {
  return SETS.flatMap((set) => SCENARIOS.map((given) => lossOf(set, given)));
}

/** The table as Markdown. */
export function lossTable(rows: readonly Loss[] = losses()): string {
  const head = ["drives", "bodies", "drive", "domain", "shard", "found", "repair", "a given blob", "some blobs"];
  const lines = rows.map((row) => [
    row.set,
    row.geometry,
    percent(row.driveLoss),
    percent(row.domainLoss),
    row.shardDamage.toExponential(0),
    row.detectHours < 1 ? `${row.detectHours * 60} min` : `${row.detectHours / 24} days`,
    row.repairHours < 48 ? `${row.repairHours} h` : `${row.repairHours / 24} days`,
    probability(row.blobLoss),
    probability(row.someLoss),
  ]);
  const rule = head.map((_, column) => (column < 2 ? "---" : "---:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function percent(probability: number): string {
  return `${Number((probability * 100).toPrecision(2))} %`;
}

/** One digit: the assumptions are no better. */
function probability(value: number): string {
  return value === 0 ? "0" : value.toExponential(0);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: "string" } } });
  const rows = losses();
  console.log(lossTable(rows));
  if (values.json !== undefined) await writeRows(values.json, rows);
}
