import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { drain } from "../../src/maintenance/heal/drain.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { scrub } from "../../src/maintenance/scrub/scrub.ts";
import { walk } from "../../src/maintenance/walk/walk.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { putObject } from "../../src/store/write/write.ts";
import { pattern, put } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig, runJob } from "./support/rig.ts";
import { STOPS, type Stop, stoppedStore, untilDeath } from "./support/stopped-store.ts";

// Each step of the background work, stopped: the Nth call to D1 or to a drive fails, or takes effect and fails all the same, or
// the process dies before it or right after it, for N = 1, 2, 3 … until a run gets through without meeting it. After each, every
// object reads as it was written and no blob has fewer good shards than before; and when the jobs have gone on for a while,
// every blob is at full redundancy and nothing is on any drive that no row names.

const OBJECTS = new Map([
  ["large", pattern(9_001, 1)],
  ["long", pattern(1_100_000, 2)],
  ["copies", pattern(700, 3)],
  ["more", pattern(20_000, 4)],
]);

let rig: MaintenanceRig;
async function openRig(): Promise<void> {
  rig = await MaintenanceRig.open({ drives: 8 });
  for (const [key, bytes] of OBJECTS) {
    await rig.put(key, bytes);
    await rig.clock.advance(1);
  }
}

/** Good shards of each object's blob: named by its row, on their drive, and as they were written. */
async function goodShards(truth: ReadonlyMap<string, Uint8Array>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const blob of await rig.blobs()) {
    const isGood = (_: unknown, shard: number) => {
      const bytes = rig.shard(blob, shard);
      const right = truth.get(`${blob.id} ${shard}`);
      return bytes !== undefined && right !== undefined && Buffer.compare(bytes, right) === 0;
    };
    if (truth.has(`${blob.id} 0`)) counts.set(blob.id, blob.shards.filter(isGood).length);
  }
  return counts;
}

async function truthNow(): Promise<Map<string, Uint8Array>> {
  const truth = new Map<string, Uint8Array>();
  for (const blob of await rig.blobs()) {
    blob.shards.forEach((_, shard) => {
      truth.set(`${blob.id} ${shard}`, rig.shard(blob, shard) as Uint8Array);
    });
  }
  return truth;
}

/** Lets the jobs work until nothing can be left to do. */
async function settle(): Promise<void> {
  for (let run = 0; run < 8; run++) {
    await rig.clock.advance(12 * HOUR_MS);
    await runJobs(rig.store());
  }
}

async function expectObjects(): Promise<void> {
  for (const [key, bytes] of OBJECTS) await rig.expectBytes(key, bytes);
}

interface Scenario {
  /** Breaks something. */
  before(): Promise<void>;
  work(store: StoreContext): Promise<unknown>;
}

interface Stops {
  every: number;
  /** Aborted when the test is over: one that ran out of time must not go on beside the next one, on the same drives. */
  signal: AbortSignal;
}

/** Stops call 1, call 1 + `every` and so on. Returns how many calls `work` makes, to within `every`. */
async function stopCalls(stop: Stop, { before, work }: Scenario, { every, signal }: Stops): Promise<number> {
  for (let n = 1; ; n += every) {
    signal.throwIfAborted();
    const truth = await truthNow();
    await before();
    const good = await goodShards(truth);
    const stopped = stoppedStore(rig, stop, n);
    const { calls } = stopped;
    await untilDeath(stopped, work);
    await expectObjects();
    for (const [id, now] of await goodShards(truth)) expect(now).toBeGreaterThanOrEqual(good.get(id) ?? 0);
    await settle();
    await expectObjects();
    await rig.expectAllShardsGood();
    expect(rig.stored(), `after call ${n}, at ${rig.clock.now()}`).toEqual(await rig.named());
    for (const drive of rig.rig.drives) drive.draining = false;
    if (calls() < n) return calls();
  }
}

async function damageSome(): Promise<void> {
  const [large, long, copies] = await rig.blobs();
  rig.lose(large!, 0);
  rig.flipBit(large!, 4);
  rig.flipBit(long!, 2, 300_000);
  rig.lose(copies!, 0);
  rig.lose(copies!, 1);
}

async function noteSome(): Promise<void> {
  await damageSome();
  const [large, long, copies, more] = (await rig.blobs()).map(({ id }) => id) as [string, string, string, string];
  for (const [id, shard] of [
    [large, 0],
    [large, 4],
    [long, 2],
    [copies, 0],
    [copies, 1],
    // Wrongly.
    [more, 1],
  ] as const) {
    await rig.note(id, shard, "corrupt");
  }
}

async function leaveOrphans(): Promise<void> {
  const store = rig.store();
  store.metadata.commits.version = () => Promise.reject(new Error("crashed"));
  for (const bytes of OBJECTS.values()) {
    await expect(putObject(store, put(rig.bucket, "never", bytes))).rejects.toThrow("crashed");
  }
  await rig.clock.advance(3 * DAY_MS);
}

async function deleteSome(): Promise<void> {
  for (const [n, bytes] of [...OBJECTS.values()].entries()) {
    await rig.put(`doomed/${n}`, bytes);
    await deleteObject(rig.store(), { bucket: rig.bucket, key: `doomed/${n}` });
  }
  await rig.clock.advance(2 * DAY_MS);
}

/** Begins a cycle, and does all of it at its end. */
async function wholeScrub(store: StoreContext): Promise<void> {
  const { cursor } = await scrub.run(store, ENDLESS, null);
  await rig.clock.advance(30 * DAY_MS);
  await scrub.run(store, ENDLESS, cursor);
}

const SCENARIOS: [string, Scenario, atLeast: number][] = [
  ["heal", { before: noteSome, work: (store) => runJob(heal, store) }, 40],
  [
    "drain",
    {
      before: async () => {
        const [large] = await rig.blobs();
        for (const place of large!.shards.slice(0, 2)) rig.drive(place![0]).draining = true;
      },
      work: async (store) => {
        await runJob(drain, store);
        await runJob(heal, store);
      },
    },
    15,
  ],
  ["scrub", { before: damageSome, work: wholeScrub }, 40],
  ["walk", { before: leaveOrphans, work: (store) => runJob(walk, store) }, 20],
  ["collect", { before: deleteSome, work: (store) => runJob(collect, store) }, 10],
];

/** With every call stopped it takes a minute on an idle machine. */
const ALL_JOBS_MS = 600_000;

/** The suite with every call stopped (`every` = 1), or with one in `every`. */
export function describeStoppedCalls({ every }: { every: number }): void {
  beforeAll(openRig);
  afterAll(() => rig.rig.dispose());

  describe.each(STOPS)("the Nth call does %s", (stop) => {
    it.for(SCENARIOS)("%s", async ([_name, scenario, atLeast], { signal }) => {
      expect(await stopCalls(stop, scenario, { every, signal })).toBeGreaterThan(atLeast);
    });
  });

  describe.each(["die", "die-after"] as const)("the Nth call does %s", (stop) => {
    // The jobs one by one are shown without it.
    it("all jobs in one run", { tags: ["slow"], timeout: ALL_JOBS_MS }, async ({ signal }) => {
      const before = async () => {
        await leaveOrphans();
        await deleteSome();
        await noteSome();
        rig.drive("drive-3").draining = true;
        // Days have passed since the last run; a walk that finds that out keeps what was written meanwhile.
        await rig.rows(`UPDATE jobs SET cursor = json_set(cursor, '$.seenMs', ${rig.clock.now()}) WHERE name = 'walk'`);
      };
      expect(await stopCalls(stop, { before, work: (store) => runJobs(store) }, { every, signal })).toBeGreaterThan(
        100,
      );
    });
  });
}
