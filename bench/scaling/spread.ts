import { createHash } from "node:crypto";
import { SeededRandom } from "../../sim/random.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { DATABASE_BYTES_MAX } from "../../src/store/buckets/choose-database.ts";
import { storeOf } from "../../src/store/buckets/databases.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { indexOf, SimulatedDatabases } from "./databases.ts";
import { type Growth, grown, populate, type SimulatedBucket, sum } from "./population.ts";

const STEPS = 1_000;
/** Of one database: a statement at a time, of about a millisecond. */
const WRITES_PER_SECOND_MAX = 1_000;
/** Where databases come one by one: so large a share of them has room for new buckets. */
const OPEN_SHARE = 0.05;

/**
 * Who decides where a bucket goes. `sherd` is the real store, its directory included. The others
 * are models for comparison: always the emptiest, or by a hash of the name without regard to size.
 */
export type Policy = "sherd" | "emptiest" | "hash";

export interface Scenario {
  policy: Policy;
  growth: Growth;
  /**
   * How many databases there are from the start; null: one, and another whenever there is no room
   * for new buckets.
   */
  databasesFromStart: number | null;
  buckets: number;
  objects: number;
  bucketObjectsMax: number;
  bytesPerObject: number;
  seed: number;
}

export interface SpreadRow {
  figure: "spread";
  policy: Policy;
  growth: Growth;
  databasesFromStart: number;
  buckets: number;
  objects: number;
  largestBucketObjects: number;
  databases: number;
  fillMeanPercent: number;
  fillMinPercent: number;
  fillMaxPercent: number;
  /** Databases that D1 would have stopped at 10 GB. */
  databasesOverfull: number;
  /** Objects that would not have found room. */
  objectsRefusedPercent: number;
  /** In all, when the busiest database has as many as it can take, and each bucket is written to as it has been so far. */
  writesPerSecond: number;
}

/** Lets buckets be made and grow, and says how the databases are filled at the end. */
export async function simulateSpread(scenario: Scenario): Promise<SpreadRow> {
  const random = new SeededRandom(scenario.seed);
  const buckets = populate(random, { ...scenario, count: scenario.buckets });
  const made = [...buckets].sort((a, b) => a.madeAt - b.madeAt);
  const world = new World(scenario, await SimulatedDatabases.open((count) => random.bytes(count)));
  let next = 0;
  for (let step = 1; step <= STEPS; step++) {
    const now = step / STEPS;
    for (; next < made.length && (made[next] as SimulatedBucket).madeAt <= now; next++) {
      await world.make(made[next] as SimulatedBucket);
    }
    world.growUntil(now);
  }
  const row = world.result(buckets);
  world.close();
  return row;
}

class World {
  readonly #scenario: Scenario;
  readonly #databases: SimulatedDatabases;
  readonly #placed: { bucket: SimulatedBucket; database: number }[] = [];
  #store: StoreContext;
  #sizesBytes: number[];

  constructor(scenario: Scenario, databases: SimulatedDatabases) {
    this.#scenario = scenario;
    this.#databases = databases;
    databases.add(scenario.databasesFromStart ?? 2);
    this.#sizesBytes = Array.from({ length: databases.count }, () => 0);
    this.#store = databases.isolate();
  }

  async make(bucket: SimulatedBucket): Promise<void> {
    this.#placed.push({ bucket, database: await this.#place(bucket) });
  }

  /** Sizes are what the databases say to those who make buckets from now on. */
  growUntil(now: number): void {
    const { growth, bytesPerObject, databasesFromStart } = this.#scenario;
    this.#sizesBytes = this.#sizesBytes.map(() => 0);
    for (const { bucket, database } of this.#placed) {
      const bytes = bucket.objects * grown(growth, bucket, now) * bytesPerObject;
      this.#sizesBytes[database] = (this.#sizesBytes[database] as number) + bytes;
    }
    if (databasesFromStart === null) this.#addWhereFull();
    this.#databases.grow(this.#sizesBytes);
  }

  result(buckets: readonly SimulatedBucket[]): SpreadRow {
    const { policy, growth, databasesFromStart, objects, bytesPerObject } = this.#scenario;
    const fills = this.#sizesBytes.map((bytes) => (100 * bytes) / DATABASE_BYTES_MAX);
    const refusedBytes = sum(this.#sizesBytes.map((bytes) => Math.max(0, bytes - DATABASE_BYTES_MAX)));
    return {
      figure: "spread",
      policy,
      growth,
      databasesFromStart: databasesFromStart ?? 2,
      buckets: buckets.length,
      objects,
      largestBucketObjects: Math.round(Math.max(...buckets.map((bucket) => bucket.objects))),
      databases: fills.length,
      fillMeanPercent: rounded(sum(fills) / fills.length),
      fillMinPercent: rounded(Math.min(...fills)),
      fillMaxPercent: rounded(Math.max(...fills)),
      databasesOverfull: fills.filter((fill) => fill > 100).length,
      objectsRefusedPercent: rounded((100 * refusedBytes) / (objects * bytesPerObject)),
      writesPerSecond: Math.round((WRITES_PER_SECOND_MAX * sum(this.#sizesBytes)) / Math.max(...this.#sizesBytes)),
    };
  }

  close(): void {
    this.#databases.close();
  }

  async #place({ name }: SimulatedBucket): Promise<number> {
    switch (this.#scenario.policy) {
      case "sherd":
        await createBucket(this.#store, { name, owner: "owner", region: "us-east-1" });
        return indexOf((await storeOf(this.#store, name)).metadata.identity.name);
      case "emptiest":
        return this.#sizesBytes.indexOf(Math.min(...this.#sizesBytes));
      case "hash":
        return createHash("sha256").update(name).digest().readUInt32BE() % this.#sizesBytes.length;
    }
  }

  #addWhereFull(): void {
    const open = this.#sizesBytes.filter((bytes) => bytes < DATABASE_BYTES_MAX / 2).length;
    const wanted = Math.max(1, Math.ceil(this.#sizesBytes.length * OPEN_SHARE));
    if (open >= wanted) return;
    this.#databases.add(wanted - open);
    for (let added = open; added < wanted; added++) this.#sizesBytes.push(0);
    this.#store = this.#databases.isolate();
  }
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10;
}
