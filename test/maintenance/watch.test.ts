import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isMarkerKey } from "../../src/drives/marker.ts";
import { durability } from "../../src/maintenance/census/durability.ts";
import { adoptDrive, beginHealing, countLacking, goOnHealing } from "../../src/maintenance/heal/heal-drives.ts";
import { JOBS, runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { walk } from "../../src/maintenance/walk/walk.ts";
import { queueLosses } from "../../src/maintenance/watch/queue-losses.ts";
import { watch } from "../../src/maintenance/watch/watch.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { pattern } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig, MINUTE_MS, runJob } from "./support/rig.ts";

const BODY = pattern(9_000, 3);
let rig: MaintenanceRig;
let told: string[];

beforeEach(async () => {
  rig = await MaintenanceRig.open({ drives: 6 });
  told = [];
  for (let n = 0; n < 5; n++) await rig.put(`k/${n}`, BODY);
  await runJobs(store());
});
afterEach(() => rig.rig.dispose());

function store(): StoreContext {
  return { ...rig.store(), tell: (line) => told.push(line) };
}

const stateOf = async (name: string) => (await durability(rig.store())).drives.find((drive) => drive.name === name);
const markerOf = (name: string) => [...rig.drive(name).shards.keys()].find(isMarkerKey);
const held = (name: string) => [...rig.drive(name).shards.keys()].filter((key) => !isMarkerKey(key)).length;

/** What lies on a drive, to be put back. */
function keep(name: string): () => void {
  const kept = new Map(rig.drive(name).shards);
  return () => replace(name, kept);
}

function replace(name: string, shards: ReadonlyMap<string, Uint8Array>): void {
  rig.drive(name).shards.clear();
  for (const [key, bytes] of shards) rig.drive(name).shards.set(key, bytes);
}

async function minute(): Promise<void> {
  await rig.clock.advance(MINUTE_MS);
  await runJobs(store());
}

describe("the identity of drives", () => {
  it("costs one call a drive where nothing is wrong, and is renewed every hour", async () => {
    const calls: string[] = [];
    rig.plan = ({ drive, kind }) => {
      calls.push(`${drive} ${kind}`);
      return null;
    };
    await rig.clock.advance(MINUTE_MS);
    await runJob(watch, store());
    expect(calls.filter((call) => !call.endsWith("read")).sort()).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => `drive-${n} get`),
    );
    const before = markerOf("drive-1");
    await rig.clock.advance(HOUR_MS);
    expect(await runJob(watch, store())).toMatchObject({ renewedMarkers: 6 });
    expect(markerOf("drive-1")).not.toBe(before);
    expect((await stateOf("drive-1"))?.generation).toBe(2);
  });

  it("tells an emptied drive, and heals what it held", { tags: ["slow"] }, async () => {
    rig.drive("drive-3").shards.clear();
    expect((await stateOf("drive-3"))?.state).toBe("emptied");
    await minute();
    expect(told).toEqual([expect.stringContaining("drive drive-3 was emptied")]);
    await rig.expectAllShardsGood();
    expect(held("drive-3")).toBe(5);
    await minute();
    expect((await durability(rig.store())).green).toBe(true);
  });

  it("queues those that lost most first", { tags: ["slow"] }, async () => {
    for (const name of ["drive-1", "drive-2"]) rig.drive(name).shards.clear();
    await rig.clock.advance(MINUTE_MS);
    await runJobs(store(), [watch, queueLosses]);
    expect((await rig.blobs()).map(({ spare_shards }) => spare_shards)).toEqual([0, 0, 0, 0, 0]);
    expect(await rig.damage()).toHaveLength(10);
    expect((await durability(rig.store())).light).toBe("red");
    await minute();
    await rig.expectAllShardsGood();
  });

  it("leaves a drive of another store alone until somebody says that it is to be taken over", {
    tags: ["slow"],
  }, async () => {
    const other = await MaintenanceRig.open({ drives: 6 });
    await other.put("theirs", BODY);
    await runJobs(other.store());
    const putBack = keep("drive-2");
    const theirs = new Map(other.drive("drive-2").shards);
    replace("drive-2", theirs);
    await minute();
    expect(await stateOf("drive-2")).toMatchObject({
      state: "foreign",
      sentence: expect.stringContaining("lies a drive of another store"),
    });
    await rig.put("during", BODY);
    await rig.clock.advance(3 * DAY_MS);
    await runJobs(store());
    expect(rig.drive("drive-2").shards).toEqual(theirs);
    expect(await rig.damage()).toHaveLength(6);
    expect(await adoptDrive(store(), "drive-9")).toMatchObject({ state: "refused" });
    expect(await adoptDrive(store(), "drive-1")).toMatchObject({ state: "refused" });
    expect(await adoptDrive(store(), "drive-2")).toEqual({ state: "adopted" });
    expect((await stateOf("drive-2"))?.state).toBe("ours");
    await beginHealing(store(), ["drive-2"]);
    await goOnHealing(store(), { seconds: 10, bytesPerSecond: null });
    const stored = rig.stored();
    for (const place of await rig.named()) expect(stored).toContain(place);
    putBack();
    await other.rig.dispose();
  });

  it("tells two that lie in each other's place, and deletes nothing there", { tags: ["slow"] }, async () => {
    const [one, two] = [new Map(rig.drive("drive-1").shards), new Map(rig.drive("drive-2").shards)];
    replace("drive-1", two);
    replace("drive-2", one);
    await minute();
    expect((await stateOf("drive-1"))?.sentence).toContain("in the place of drive drive-1 lies drive drive-2");
    await rig.clock.advance(3 * DAY_MS);
    await runJobs(store());
    // Nor by an isolate that has not heard of it, or where they were swapped after the jobs had looked.
    await runJob(walk, rig.store());
    expect([...rig.drive("drive-1").shards.keys()].sort()).toEqual([...two.keys()].sort());
    replace("drive-1", one);
    replace("drive-2", two);
    await minute();
    await minute();
    await rig.expectAllShardsGood();
    expect((await durability(rig.store())).green).toBe(true);
  });

  it("tells an older copy of a drive, and looks for what it may lack", async () => {
    const putBack = keep("drive-4");
    await rig.clock.advance(2 * HOUR_MS);
    await runJobs(store());
    await rig.put("later", BODY);
    putBack();
    expect((await stateOf("drive-4"))?.state).toBe("older");
    await minute();
    await minute();
    await rig.expectAllShardsGood();
    expect(told.join()).toContain("drive drive-4 is an older copy of itself");
  });

  it("takes a drive that is newer than the metadata as it is", { tags: ["slow"] }, async () => {
    const { rows } = { rows: await rig.rows<{ marker: string }>("SELECT marker FROM drives WHERE name = 'drive-5'") };
    await rig.clock.advance(2 * HOUR_MS);
    await runJobs(store());
    await rig.rows(`UPDATE drives SET marker = '${rows[0]?.marker}', generation = 1 WHERE name = 'drive-5'`);
    await minute();
    expect(told.join()).toContain("drive drive-5 is newer than the metadata");
    expect((await stateOf("drive-5"))?.state).toBe("ours");
    await minute();
    expect((await durability(rig.store())).green).toBe(true);
  });

  it("tells one that does not answer, and forgets that when it does", async () => {
    rig.plan = ({ drive }) => (drive === "drive-6" ? { kind: "fail", fault: "unreachable" } : null);
    await minute();
    expect(told).toEqual([expect.stringContaining("drive drive-6 does not answer")]);
    expect(await stateOf("drive-6")).toMatchObject({ state: "unreachable", reachable: false });
    // A drive that is away is not emptied.
    expect(await rig.damage()).toEqual([]);
    rig.plan = () => null;
    await minute();
    expect(told[1]).toContain("drive drive-6 is back");
    expect((await stateOf("drive-6"))?.state).toBe("ours");
  });

  it("is not believed where a database that was empty meets drives in use", async () => {
    const fresh = await MaintenanceRig.open({ drives: 6 });
    for (const { name, shards } of rig.rig.drives) {
      for (const [key, bytes] of shards) fresh.drive(name).shards.set(key, bytes);
    }
    await runJobs(fresh.store());
    const { light, drives } = await durability(fresh.store());
    expect({ light, states: new Set(drives.map(({ state }) => state)) }).toEqual({
      light: "red",
      states: new Set(["foreign"]),
    });
    expect(fresh.stored()).toEqual(rig.stored());
    await fresh.rig.dispose();
  });
});

describe("what reads find", () => {
  it.each(["a read that fails", "a range", "a read that is given up"])("%s notes it", async (kind) => {
    const blob = await rig.put("read", BODY);
    const lost = kind === "a read that fails" ? [0, 1, 2] : [0];
    for (const shard of lost) rig.lose(blob, shard);
    const { head, read } = await openObject(rig.store(), { bucket: rig.bucket, key: "read" });
    if (kind === "a read that fails") {
      await expect(read({ offset: 0, length: head.sizeBytes })).rejects.toThrow(
        /too few drives answer, 3 of the 4 needed: .*shard absent.*shard absent.*shard absent/,
      );
    } else {
      const body = await read(kind === "a range" ? { offset: 10, length: 20 } : { offset: 0, length: head.sizeBytes });
      await body.next();
      if (kind === "a range") await body.next();
      else await body.cancel();
    }
    expect(await rig.damage()).toHaveLength(lost.length);
  });

  it("one miss asks for a sample of that drive's others, which finds all that is gone", async () => {
    for (const key of rig.drive("drive-2").shards.keys())
      if (!isMarkerKey(key)) rig.drive("drive-2").shards.delete(key);
    const look = async () => {
      await rig.clock.advance(MINUTE_MS);
      await runJobs(store(), [watch, queueLosses]);
      return rig.damage();
    };
    // Nothing points to trouble.
    expect(await look()).toEqual([]);
    for (let n = 0; n < 5; n++) {
      await rig.expectBytes(`k/${n}`, BODY);
      if ((await rig.damage()).length > 0) break;
    }
    expect(await rig.damage()).toHaveLength(1);
    expect(await look()).toHaveLength(5);
    expect(told.join()).toMatch(/drive drive-2 lacks \d of \d shards that were looked for/);
    await minute();
    await rig.expectAllShardsGood();
  });
});

describe("healing a drive by command", () => {
  it("counts what is lacking and changes nothing, then heals it and says when it is done", async () => {
    const lost = [...rig.drive("drive-1").shards.keys()].filter((key) => !isMarkerKey(key)).slice(0, 2);
    for (const key of lost) rig.drive("drive-1").shards.delete(key);
    const names = ["drive-1"];
    const before = rig.stored();
    expect(await countLacking(rig.store(), { names, from: null, budget: ENDLESS })).toEqual({
      lookedShards: 5,
      absentShards: 2,
      unreachable: [],
      next: null,
    });
    expect(rig.stored()).toEqual(before);
    expect(await rig.damage()).toEqual([]);
    expect(await beginHealing(store(), ["nobody"])).toMatchObject({ state: "refused" });
    expect(await beginHealing(store(), names)).toBeNull();
    const step = await goOnHealing(store(), { seconds: 10, bytesPerSecond: null });
    expect(step).toMatchObject({ lookedShards: 5, notedShards: 2, healedBlobs: 2, writtenShards: 2, waitingShards: 0 });
    expect(step.state).toBe("done");
    await rig.expectAllShardsGood();
  });

  it("runs as every other job does", () => {
    expect(JOBS.map(({ name }) => name).slice(0, 1)).toEqual(["queue-losses"]);
  });
});
