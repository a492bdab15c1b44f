import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storeMetrics } from "../../src/admin/store-metrics.ts";
import { isMarkerKey } from "../../src/drives/marker.ts";
import { durability } from "../../src/maintenance/census/durability.ts";
import { checkStore } from "../../src/maintenance/check/check.ts";
import type { Job } from "../../src/maintenance/run/job.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { restoreMetadata } from "../../src/maintenance/snapshots/restore.ts";
import { snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { allStores, storeOf } from "../../src/store/buckets/databases.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { DatabasesRig } from "../support/databases.ts";
import { pattern, put, readAll } from "../support/store.ts";
import { ENDLESS } from "./support/rig.ts";

const NAMES = ["DB", "DB_2", "DB_3"];
const DAY_MS = 24 * 3600 * 1000;
const LARGE = pattern(9_001);

let rig: DatabasesRig;
let store: StoreContext;
beforeEach(async () => {
  rig = await DatabasesRig.open(NAMES, { inlineBytesMax: 100, smallBytesMax: 1_000 });
  store = rig.isolate(NAMES);
  for (const index of NAMES.keys()) {
    for (const [at, database] of NAMES.entries()) rig.sizesBytes.set(database, at === index ? 0 : 1e10);
    await createBucket(store, { name: `in-${index}`, owner: "owner", region: "us-east-1" });
    await putObject(await storeOf(store, `in-${index}`), put(`in-${index}`, "kept", LARGE));
  }
});
afterEach(() => rig.dispose());

const shardsIn = (prefix: string) =>
  rig.drives.flatMap(({ shards }) => [...shards.keys()]).filter((key) => key.startsWith(prefix) && !isMarkerKey(key))
    .length;
const counts = () => ({ DB: shardsIn("0"), DB_2: shardsIn("z-DB_2-"), DB_3: shardsIn("z-DB_3-") });

async function days(isolate: StoreContext, count: number): Promise<void> {
  for (let day = 0; day < count; day++) {
    await rig.clock.advance(DAY_MS);
    await runJobs(isolate);
  }
}

async function expectAll(isolate = rig.isolate(NAMES)): Promise<void> {
  for (const index of NAMES.keys()) {
    const bucket = `in-${index}`;
    const opened = await openObject(await storeOf(isolate, bucket), { bucket, key: "kept" });
    expect(await readAll(await opened.read({ offset: 0, length: LARGE.length }))).toEqual(LARGE);
  }
}

describe("snapshots of several databases", () => {
  it("lie apart: each is restored from its own", { tags: ["slow"] }, async () => {
    const isolate = () => withSnapshots(rig.isolate(NAMES));
    expect([...(await runJobs(isolate(), [snapshot])).keys()].sort()).toEqual(NAMES.map((name) => `${name}/snapshot`));
    await rig.replace("DB_2");
    for (const [index, name] of NAMES.entries()) {
      const own = allStores(isolate())[index] as StoreContext;
      const step = await restoreMetadata(own, { snapshotId: null, budget: ENDLESS });
      expect([name, step.state]).toEqual([name, name === "DB_2" ? "restored" : "refused"]);
    }
    await expectAll();
    await days(isolate(), 3);
    await expectAll();
    const check = await checkStore(isolate(), null, ENDLESS);
    expect(check).toMatchObject({ findings: [], next: null, counts: { blobs: NAMES.length, foreignKeys: 0 } });
  });
});

function withSnapshots(store: StoreContext): StoreContext {
  for (const one of allStores(store)) Object.assign(one, { settings: { ...one.settings, snapshotSeconds: 86_400 } });
  return store;
}

describe("the jobs of several databases", () => {
  it("delete each database's own garbage, and nothing of another's", async () => {
    for (const index of NAMES.keys()) {
      const isolate = rig.isolate(NAMES);
      const own = await storeOf(isolate, `in-${index}`);
      await putObject(own, put(`in-${index}`, "deleted", LARGE));
      await deleteObject(own, { bucket: `in-${index}`, key: "deleted" });
      own.metadata.commits.version = () => Promise.reject(new Error("crashed"));
      await expect(putObject(own, put(`in-${index}`, "never", LARGE))).rejects.toThrow("crashed");
    }
    expect(counts()).toEqual({ DB: 18, DB_2: 18, DB_3: 18 });
    await days(store, 4);
    expect(counts()).toEqual({ DB: 6, DB_2: 6, DB_3: 6 });
    await expectAll();
  });

  it("leave alone the shards of a database that the configuration has lost", { tags: ["slow"] }, async () => {
    for (const lost of [["DB"], ["DB", "DB_3"], ["DB", "DB_2"]]) await days(rig.isolate(lost), 40);
    expect(counts()).toEqual({ DB: 6, DB_2: 6, DB_3: 6 });
    await expectAll();
  });

  it("do nothing in a database that is bound to another's name, and go on in the others", {
    tags: ["slow"],
  }, async () => {
    await days(store, 2);
    const swapped = rig.isolate(NAMES, { bound: ["DB", "DB_3", "DB_2"] });
    await rig.clock.advance(DAY_MS);
    const failed = await runJobs(swapped).catch((error: AggregateError) => error.errors.map(String));
    expect(failed).toEqual([
      "Error: database DB_2: GuardError: guard wrong_database",
      "Error: database DB_3: GuardError: guard wrong_database",
    ]);
    const [first] = swapped.databases!.all;
    const rows = await first!.metadata.jobs.list();
    expect(rows.map(({ startedMs }) => startedMs)).toEqual(rows.map(() => rig.clock.now()));
    expect(counts()).toEqual({ DB: 6, DB_2: 6, DB_3: 6 });
    await expectAll();
  });

  it("nor does the walk of the only database, where that is another's", { tags: ["slow"] }, async () => {
    await days(store, 2);
    const wrong = rig.isolate(["DB"], { bound: ["DB_2"] });
    await rig.clock.advance(2 * DAY_MS);
    await expect(runJobs(wrong)).rejects.toThrow("background jobs failed");
    await days(rig.isolate(NAMES), 1);
    expect(counts()).toEqual({ DB: 6, DB_2: 6, DB_3: 6 });
    await expectAll();
  });

  it("ask each database some seventy times where there is nothing to do", { tags: ["slow"] }, async () => {
    await days(store, 1);
    await rig.clock.advance(DAY_MS / 288);
    for (const batches of Object.values(await rig.batchesOf(() => runJobs(store)))) {
      expect(batches).toBeGreaterThan(20);
      expect(batches).toBeLessThan(90);
    }
  });

  it("go on in the others where one database does not answer", { tags: ["slow"] }, async () => {
    rig.plan = (database) => (database === "DB_2" ? "fail" : null);
    await rig.clock.advance(DAY_MS);
    await expect(runJobs(store)).rejects.toThrow("background jobs failed");
    for (const { metadata } of [store.databases!.all[0]!, store.databases!.all[2]!]) {
      expect((await metadata.jobs.list()).every(({ finishedMs }) => finishedMs === rig.clock.now())).toBe(true);
    }
  });

  it("share the time of a run equally, and the database that has waited longest begins", async () => {
    const done: string[] = [];
    const greedy: Job = {
      name: "greedy",
      run: async ({ metadata }, budget) => {
        while (!budget.isSpent()) {
          await rig.clock.advance(100);
          done.push(metadata.identity.name);
        }
        return { report: { ran: 1 }, cursor: null };
      },
    };
    const reports = await runJobs(store, [greedy]);
    expect([...reports.keys()]).toEqual(["DB/greedy", "DB_2/greedy", "DB_3/greedy"]);
    const steps = NAMES.map((name) => done.filter((one) => one === name).length);
    for (const count of steps) expect(count).toBeGreaterThanOrEqual(66);
    expect(steps.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(202);
    await runJobs(rig.isolate(["DB", "DB_2"]), [greedy]);
    done.length = 0;
    await runJobs(store, [greedy]);
    expect(done[0]).toBe("DB_3");
  });
});

describe("reports", () => {
  it("are of all databases together", { tags: ["slow"] }, async () => {
    await days(store, 1);
    rig.sizesBytes.set("DB", 100).set("DB_2", 200).set("DB_3", 300);
    const report = await durability(store);
    expect(report).toMatchObject({ green: true, headline: "every blob is at full redundancy" });
    expect(report.census?.totals).toMatchObject({ blobs: 3, redundancy: { "4+2": { "6": 3 } } });
    expect(Object.values(report.census?.totals.drives ?? {}).map(({ shards }) => shards)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(report.databases).toEqual([
      { name: "DB", sizeBytes: 100 },
      { name: "DB_2", sizeBytes: 200 },
      { name: "DB_3", sizeBytes: 300 },
    ]);
    expect(report.jobs.map(({ name }) => name)).toContain("DB_2/heal");
    const metrics = await storeMetrics(store);
    const sizes = metrics.find(({ name }) => name === "sherd_d1_size_bytes");
    expect(sizes?.samples.map(({ value }) => value)).toEqual([100, 200, 300]);
    const finished = metrics.find(({ name }) => name === "sherd_job_finished_timestamp_seconds");
    expect(finished?.samples.map(({ labels }) => labels)).toContainEqual({ job: "heal", database: "DB_2" });
  });

  it("are red where one database is", { tags: ["slow"] }, async () => {
    await days(store, 1);
    rig.plan = (database) => (database === "DB_3" ? "fail" : null);
    await rig.clock.advance(DAY_MS);
    await expect(runJobs(store)).rejects.toThrow("background jobs failed");
    rig.plan = () => null;
    await rig.clock.advance(3 * 3600 * 1000);
    await runJobs(rig.isolate(["DB", "DB_2"]));
    const report = await durability(store);
    expect(report.green).toBe(false);
    expect(report.headline).toContain("job DB_3/heal has not come to an end for two hours");
  });
});
