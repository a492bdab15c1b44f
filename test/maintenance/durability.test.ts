import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { durabilityPage } from "../../src/admin/durability-page.ts";
import { isMarkerKey } from "../../src/drives/marker.ts";
import { census } from "../../src/maintenance/census/census.ts";
import { type DurabilityReport, durability } from "../../src/maintenance/census/durability.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { lifecycle } from "../../src/maintenance/lifecycle/lifecycle.ts";
import { JOBS, runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { queueLosses } from "../../src/maintenance/watch/queue-losses.ts";
import { watch } from "../../src/maintenance/watch/watch.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { setLifecycle } from "../../src/store/buckets/lifecycle.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { type FaultPlan, withFaults } from "../support/faulty.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

// The report tells the truth in each planted situation: a drive lost, a bit flipped, a shard missing, a job that is stuck.

const bucket = "reports";
const BODY = pattern(600_000, 4);
let clock: ManualClock;
let rig: TestStore;
let plan: FaultPlan;

beforeEach(async () => {
  clock = new ManualClock();
  plan = () => null;
  rig = await openTestStore({ clock, decorateDrive: (drive) => withFaults(drive, (call) => plan(call)) });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
  await putObject(rig.store, put(bucket, "large", BODY));
  await runJobs(
    rig.store,
    [...JOBS].filter(({ name }) => name !== "census"),
  );
});
afterEach(() => rig.dispose());

/** After a look at the drives and a count of the blobs; every other job has run once. */
async function counted(store: StoreContext = rig.store): Promise<DurabilityReport> {
  await runJobs(store, [watch, census]);
  return durability(store);
}

describe("durability", () => {
  it("is green when every blob has all its shards and everything answers", async () => {
    expect((await durability(rig.store)).green).toBe(false);
    const report = await counted();
    expect(report).toMatchObject({ green: true, headline: "every blob is at full redundancy" });
    expect(report.census?.totals).toMatchObject({ blobs: 1, bytes: 600_064, redundancy: { "4+2": { 6: 1 } } });
    expect(report.drives.map(({ shards }) => shards)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(report.drives.every(({ bytes }) => bytes > 150_000)).toBe(true);
    expect(report.census?.totals.neverVerified).toBe(6);
  });

  it("names a drive that does not answer", async () => {
    plan = ({ drive, kind }) => (drive === "drive-3" && kind === "get" ? { kind: "fail", fault: "unreachable" } : null);
    const report = await counted();
    expect(report.green).toBe(false);
    expect(report.headline).toContain("drive drive-3 does not answer");
    expect(report.drives.filter(({ reachable }) => !reachable).map(({ name }) => name)).toEqual(["drive-3"]);
  });

  it("is red as soon as a read has met a flipped bit, before the next count", { tags: ["slow"] }, async () => {
    await counted();
    const found = await rig.store.metadata.objects.open(
      { bucket, key: "large", version: { kind: "current" } },
      { offset: 0, length: null },
    );
    // A data shard: parity is not read while all data shards are good.
    const [drive, key] = (found?.blobs[0]?.shards[0] ?? ["", ""]) as [string, string];
    const shards = rig.drives.find(({ name }) => name === drive)?.shards as Map<string, Uint8Array>;
    const rotten = (shards.get(key) as Uint8Array).slice();
    rotten[1000] = (rotten[1000] as number) ^ 1;
    shards.set(key, rotten);
    const { head, read } = await openObject(rig.store, { bucket, key: "large" });
    expect(Buffer.compare(await readAll(await read({ offset: 0, length: head.sizeBytes })), BODY)).toBe(0);
    expect((await durability(rig.store)).headline).toContain("1 shards wait to be healed");
    expect((await counted()).census?.totals.redundancy).toEqual({ "4+2": { 5: 1 } });
  });

  it("counts a blob that lacks a shard since it was written", { tags: ["slow"] }, async () => {
    plan = ({ drive, kind }) =>
      drive === "drive-2" && kind === "close" ? { kind: "fail", fault: "unreachable" } : null;
    await putObject(rig.store, put(bucket, "other", pattern(700_000, 5)));
    plan = () => null;
    const report = await counted();
    expect(report.green).toBe(false);
    expect(report.census?.totals.redundancy).toEqual({ "4+2": { 5: 1, 6: 1 } });
    expect(report.headline).toContain("1 blobs of geometry 4+2 lack shards");
    expect(report.headline).toContain("1 shards wait to be healed");
  });

  it("tells of a job that fails, and of one that is stuck", { tags: ["slow"] }, async () => {
    await counted();
    const failing = { name: "failing", run: () => Promise.reject(new Error("no luck")) };
    await runJobs(rig.store, [failing]).catch(() => {});
    expect((await durability(rig.store)).headline).toContain("job failing failed: Error: no luck");
    await clock.advance(3 * 3600 * 1000);
    await runJobs(rig.store);
    const { jobs, headline } = await durability(rig.store);
    expect(jobs.filter(({ stuck }) => stuck).map(({ name }) => name)).toEqual(["failing"]);
    expect(headline).not.toContain("job census");
    await clock.advance(26 * 3600 * 1000);
    expect((await durability(rig.store)).headline).toContain("the blobs were last counted more than a day ago");
  });

  it("tells of walks that are due, of those that are late, and of a clock that is not believed", async () => {
    const rules = [{ id: "r", enabled: true, filter: { form: "one" as const }, expiration: { days: 30 } }];
    await setLifecycle(rig.store, bucket, { rules, minimumSize: "all_storage_classes_128K" });
    const seen = async () => {
      const { lifecycle: walks, troubles } = await durability(rig.store);
      return [walks, troubles.map(({ sentence }) => sentence).filter((sentence) => sentence.startsWith("lifecycle"))];
    };
    const [due, dayMs] = [clock.now(), 24 * 3600 * 1000];
    expect(await seen()).toEqual([{ buckets: 1, due: 1, oldestMs: due, heldUntilMs: null }, []]);
    await runJobs(rig.store, [lifecycle]);
    expect(await seen()).toEqual([{ buckets: 1, due: 0, oldestMs: null, heldUntilMs: null }, []]);
    await clock.advance(dayMs + 2 * 3600 * 1000);
    const late = { buckets: 1, due: 1, oldestMs: due + dayMs };
    expect(await seen()).toEqual([{ ...late, heldUntilMs: null }, ["lifecycle is 120 minutes late in 1 buckets"]]);
    await runJobs(rig.store, [lifecycle]);
    const [walks, sentences] = await seen();
    expect(walks).toEqual({ ...late, heldUntilMs: expect.any(Number) });
    expect(sentences).toEqual([expect.stringContaining("lifecycle removes nothing until 2026-")]);
  });

  it("knows of a drive that was emptied at once, though nobody has read anything", { tags: ["slow"] }, async () => {
    await counted();
    rig.drives[0]?.shards.clear();
    const report = await durability(rig.store);
    expect(report).toMatchObject({ green: false, light: "yellow" });
    expect(report.headline).toBe(
      "drive drive-1 was emptied: it is taken into use again, and what it held is healed from the other drives",
    );
    expect(report.drives[0]).toMatchObject({ state: "emptied", reachable: true });
    await runJobs(rig.store);
    expect((await counted()).headline).toBe("every blob is at full redundancy");
  });

  it("knows of a shard that vanished from a drive that goes on, once a sample, or the scrub, has met it", {
    tags: ["slow"],
  }, async () => {
    await counted();
    for (const key of rig.drives[0]?.shards.keys() ?? []) {
      if (!isMarkerKey(key)) rig.drives[0]?.shards.delete(key);
    }
    // Nobody has looked yet, and the drive is the right one.
    expect((await counted()).green).toBe(true);
    await clock.advance(3600 * 1000);
    const { headline } = await counted();
    expect(headline).toContain("1 blobs of geometry 4+2 lack shards; 1 shards wait to be healed");
    await runJobs(rig.store, [queueLosses, heal]);
    expect((await counted()).headline).toBe("every blob is at full redundancy");
  });

  it("is not green if a drive was not seen for two runs of cron, or a job has never run", {
    tags: ["slow"],
  }, async () => {
    await counted();
    await clock.advance(2 * 300 * 1000 + 1);
    expect(await durability(rig.store)).toMatchObject({
      green: false,
      headline: expect.stringContaining("was not seen for 600 seconds: see whether the background jobs run"),
    });
    const fresh = await openTestStore({ clock });
    await runJobs(fresh.store, [watch, census]);
    expect((await durability(fresh.store)).headline).toContain("background jobs have not run yet in every database");
    await fresh.dispose();
  });

  it("tells what is wrong with a drive's folder, though its marker can be read", { tags: ["slow"] }, async () => {
    const folder = {
      trouble: "read-only",
      advice: "mount it writable",
      freeBytes: 1e12,
      totalBytes: 1e12,
      sharedBy: 1,
    };
    const state = { drives: { "drive-2": folder } };
    const host = { known: () => state, state: async () => state } as unknown as NonNullable<StoreContext["host"]>;
    expect((await counted()).green).toBe(true);
    expect(await durability({ ...rig.store, host })).toMatchObject({
      light: "yellow",
      headline: "drive drive-2 is read-only: mount it writable",
    });
  });

  it("tells of disks that fill up", async () => {
    await counted();
    const gauge = (freeBytes: number) => ({
      measure: async () => [{ name: "drive-2", freeBytes, totalBytes: 1e12, reserveBytes: 1e9 }],
    });
    const full = await durability({ ...rig.store, space: gauge(1e8) });
    expect(full).toMatchObject({
      light: "red",
      headline: expect.stringContaining("95 MiB are left on the disk of drive drive-2"),
    });
    expect(full.drives[1]?.space?.freeBytes).toBe(1e8);
    expect(await durability({ ...rig.store, space: gauge(1.5e9) })).toMatchObject({ light: "yellow" });
    expect(await durability({ ...rig.store, space: gauge(1e11) })).toMatchObject({ light: "green" });
  });

  it("tells of blobs that are lost, first of all", async () => {
    const [blob] = await rig.store.metadata.census.blobs("", 1);
    const found = [0, 1, 2].map((shard) => ({ blobId: blob?.id ?? "", shard, cause: "absent" as const }));
    await rig.store.metadata.blobs.noteDamage(found, [], clock.now());
    expect((await counted()).headline).toMatch(
      /^1 blobs cannot be read as far as is known: .*; 1 blobs of geometry 4\+2 have fewer than 4 good shards; /,
    );
    // It cannot be healed: the backlog stays, and is told of.
    const lost = new Set(found.map(({ shard }) => blob?.shards[shard]?.[0]));
    for (let run = 0; run < 3; run++) {
      for (const { name, shards } of rig.drives) if (lost.has(name)) shards.clear();
      await runJobs(rig.store, [heal]);
      await clock.advance(3600 * 1000);
    }
    const { green, backlog, headline } = await counted();
    expect(green).toBe(false);
    expect(backlog.damage.rows).toBeGreaterThanOrEqual(3);
    expect(headline).toContain("shards wait to be healed");
  });

  it("tells of snapshots, of one that is too old, and of a restore that has not ended", {
    tags: ["slow"],
  }, async () => {
    await runJobs(rig.store, [snapshot]);
    const { green, snapshots } = await counted();
    expect(green).toBe(true);
    expect(snapshots).toMatchObject([{ database: "DB", rows: { buckets: 1, objects: 1, blobs: 1 } }]);
    await clock.advance(49 * 3600 * 1000);
    expect((await counted()).headline).toContain("the last snapshot of the metadata of DB is 49 hours old");
    await rig.store.metadata.restoring.setCursors({ restore: { phase: "rows" } });
    expect((await durability(rig.store)).headline).toContain("a restore of the metadata of DB has not come to its end");
  });

  it("counts more blobs than one run can, over several", { tags: ["slow"] }, async () => {
    let looks = 0;
    const budget = { untilMs: 0, isSpent: () => looks++ % 2 === 1 };
    const bytes = pattern(33_000);
    for (let n = 0; n < 1_050; n++) await putObject(rig.store, put(bucket, `k/${n}`, bytes));
    let cursor: unknown = null;
    let runs = 0;
    for (;;) {
      runs++;
      const result = await census.run(rig.store, budget, cursor);
      cursor = result.cursor;
      if ((cursor as { complete: unknown }).complete) break;
    }
    expect(runs).toBe(2);
    expect(cursor).toMatchObject({ complete: { totals: { blobs: 1_051 } } });
  });

  it("the page escapes what it shows and says the same", { tags: ["slow"] }, async () => {
    const report = await counted();
    const page = durabilityPage({ ...report, headline: "<script>alert(1)</script>" });
    expect(page).not.toContain("<script>");
    expect(page).toContain("6 of 6");
    expect(page).toContain("drive-6");
  });
});
