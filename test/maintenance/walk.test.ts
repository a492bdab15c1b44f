import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { drain } from "../../src/maintenance/heal/drain.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { walk, walkDrives } from "../../src/maintenance/walk/walk.ts";
import { watch } from "../../src/maintenance/watch/watch.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import type { StoreError } from "../../src/store/failure.ts";
import { newId } from "../../src/store/placement/ids.ts";
import { shardKey } from "../../src/store/placement/shard-key.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { WRITE_SECONDS_MAX } from "../../src/store/settings.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { bodyOf, pattern, put, readAll } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig, MINUTE_MS, runJob } from "./support/rig.ts";

const LARGE = pattern(9_001, 1);

let rig: MaintenanceRig;
beforeEach(async () => {
  rig = await MaintenanceRig.open();
});
afterEach(() => rig.rig.dispose());

/** Shards that a PUT leaves which dies before its commit. */
async function abandonedPut(): Promise<void> {
  const store = rig.store();
  store.metadata.commits.version = () => Promise.reject(new Error("crashed"));
  await expect(putObject(store, put(rig.bucket, "never", LARGE))).rejects.toThrow("crashed");
}

describe("walk", () => {
  it("deletes what no row names, after the grace time and not before", async () => {
    await rig.put("k", LARGE);
    await abandonedPut();
    expect(rig.stored().size).toBe(12);
    for (const hours of [0, 12, 12]) {
      await rig.clock.advance(hours * HOUR_MS);
      expect(await runJob(walk, rig.store())).toMatchObject({ orphans: 0, deletedShards: 0 });
    }
    await rig.clock.advance(1);
    const deletedBytes = 6 * ((rig.shard((await rig.blobs())[0]!, 0) as Uint8Array).length ?? 0);
    expect(await runJob(walk, rig.store())).toMatchObject({
      orphans: 6,
      deletedShards: 6,
      deletedBytes,
      failedDrives: 0,
    });
    expect(rig.stored()).toEqual(await rig.named());
    await rig.expectBytes("k", LARGE);
  });

  it("only counts in a dry run", async () => {
    await abandonedPut();
    await rig.clock.advance(2 * DAY_MS);
    const dry = await walkDrives(rig.store(), ENDLESS, null, { isDryRun: true });
    expect(dry.report).toMatchObject({ orphans: 6, deletedShards: 0, deletedBytes: 0 });
    expect(rig.stored().size).toBe(6);
  });

  it("finds shards of rows that name another key or drive", async () => {
    const blob = await rig.put("k", LARGE);
    const [drive, key] = blob.shards[0] as [string, string];
    const bytes = rig.drive(drive).shards.get(key) as Uint8Array;
    const other = rig.rig.drives.find(({ name }) => !blob.shards.some((place) => place?.[0] === name))!;
    other.shards.set(key, bytes);
    rig.drive(drive).shards.set(shardKey(blob.id, 5), bytes);
    await rig.clock.advance(2 * DAY_MS);
    expect(await runJob(walk, rig.store())).toMatchObject({ deletedShards: 2 });
    await rig.expectAllShardsGood();
    expect(rig.stored()).toEqual(await rig.named());
  });

  it("never touches keys that are none of ours", async () => {
    const foreign = [
      "README",
      "00000000000000000000000000-probe",
      "backup/2026",
      "01M7XPE600A2R2XFPMCV8X213N",
      "~last",
    ];
    for (const key of foreign) rig.drive("drive-1").shards.set(key, new Uint8Array(3));
    await rig.clock.advance(365 * DAY_MS);
    expect(await runJob(walk, rig.store())).toMatchObject({ foreignKeys: foreign.length, deletedShards: 0 });
    expect([...rig.drive("drive-1").shards.keys()]).toEqual(foreign);
  });

  it("takes nothing for an orphan that is older than the database", async () => {
    const strange = shardKey(
      newId({ clock: new ManualClock(rig.clock.now() - DAY_MS), random: (n) => new Uint8Array(n) }),
      0,
    );
    rig.drive("drive-1").shards.set(strange, new Uint8Array(64));
    await rig.clock.advance(30 * DAY_MS);
    expect(await runJob(walk, rig.store())).toMatchObject({ keptShards: 1, deletedShards: 0 });
    expect(rig.stored().size).toBe(1);
  });

  it("an empty database, bound by mistake, deletes nothing of a store in use", async () => {
    for (let n = 0; n < 5; n++) await rig.put(`k/${n}`, LARGE);
    await rig.clock.advance(30 * DAY_MS);
    const wrong = await MaintenanceRig.open();
    await wrong.rows("DELETE FROM buckets");
    const store = { ...rig.store(), metadata: wrong.store().metadata };
    let cursor: unknown = null;
    for (let day = 0; day < 5; day++) {
      const result = await walk.run(store, ENDLESS, cursor);
      expect(result.report).toMatchObject({ deletedShards: 0, keptShards: 30 });
      cursor = result.cursor;
      await rig.clock.advance(DAY_MS);
    }
    await rig.expectAllShardsGood();
    await wrong.rig.dispose();
  });

  it("a database that was restored to an earlier time deletes nothing that was written since, as long as that can be undone", {
    tags: ["slow"],
  }, async () => {
    await rig.put("before", LARGE);
    let { cursor } = await walk.run(rig.store(), ENDLESS, null);
    await rig.clock.advance(5 * MINUTE_MS);
    const restored = cursor;
    const since = await rig.put("since", LARGE);
    for (let hour = 0; hour < 72; hour++) {
      await rig.clock.advance(HOUR_MS);
      const result = await walk.run(rig.store(), ENDLESS, cursor);
      expect(result.report).toMatchObject({ deletedShards: 0, keptShards: 0 });
      cursor = result.cursor;
    }
    const row = `id = '${since.id}'`;
    await rig.rows(`CREATE TABLE undo AS SELECT * FROM blobs WHERE ${row}`);
    await rig.rows(`DELETE FROM blobs WHERE ${row}`);
    cursor = restored;
    let kept = 0;
    for (let hour = 0; hour < 26 * 24; hour++) {
      const result = await walk.run(rig.store(), ENDLESS, cursor);
      expect(result.report.deletedShards).toBe(0);
      kept += result.report.keptShards ?? 0;
      cursor = result.cursor;
      await rig.clock.advance(HOUR_MS);
    }
    expect(kept).toBe(26 * 6);
    await rig.rows("INSERT INTO blobs SELECT * FROM undo");
    await rig.expectBytes("since", LARGE);
    await rig.rows(`DELETE FROM blobs WHERE ${row}`);
    await rig.clock.advance(2 * DAY_MS);
    expect((await walk.run(rig.store(), ENDLESS, cursor)).report).toMatchObject({ deletedShards: 6 });
    await rig.expectBytes("before", LARGE);
  });

  it("keeps a replaced shard for the grace time: a read that began before the heal still finds it", async () => {
    await rig.put("k", LARGE);
    const drained = rig.rig.drives.slice(0, 2);
    rig.rig.drives.push(new MemoryDrive({ name: "drive-8" }));
    await rig.clock.advance(10 * DAY_MS);
    const { read } = await openObject(rig.store(), { bucket: rig.bucket, key: "k" });
    for (const drive of drained) drive.draining = true;
    await runJob(drain, rig.store());
    const before = rig.stored();
    await runJob(heal, rig.store());
    const moved = [...rig.stored()].filter((shard) => !before.has(shard)).length;
    expect(moved).toBeGreaterThan(0);
    await rig.clock.advance(DAY_MS);
    expect(await runJob(walk, rig.store())).toMatchObject({ deletedShards: 0 });
    expect(Buffer.compare(await readAll(await read({ offset: 0, length: LARGE.length })), LARGE)).toBe(0);
    await rig.clock.advance(1);
    expect(await runJob(walk, rig.store())).toMatchObject({ deletedShards: moved });
    expect(rig.stored()).toEqual(await rig.named());
    await rig.expectBytes("k", LARGE);
  });

  it("leaves a shard alone that heal is writing to an old blob", async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.clock.advance(30 * DAY_MS);
    await rig.note(blob.id, 0);
    const racing = rig.store();
    const { record } = racing.metadata.healing;
    racing.metadata.healing.record = async (...args) => {
      expect(rig.stored().size).toBe(6);
      await rig.clock.advance(11 * HOUR_MS);
      expect(await runJob(walk, rig.store())).toMatchObject({ deletedShards: 0 });
      return record.apply(racing.metadata.healing, args);
    };
    expect(await runJob(heal, racing)).toMatchObject({ healedBlobs: 1 });
    await rig.expectAllShardsGood();
  });

  it("looks again right before it deletes", async () => {
    await abandonedPut();
    await rig.clock.advance(2 * DAY_MS);
    const store = rig.store();
    const { orphans } = store.metadata.walking;
    let looks = 0;
    store.metadata.walking.orphans = async (...args) => {
      const found = await orphans.apply(store.metadata.walking, args);
      return ++looks % 2 === 0 ? new Set() : found;
    };
    expect(await runJob(walk, store)).toMatchObject({ orphans: 6, deletedShards: 0 });
    expect(rig.stored().size).toBe(6);
  });
});

describe("the cycle of the walk", () => {
  it("goes on where time ran out, drive by drive, and rests until the next cycle", { tags: ["slow"] }, async () => {
    for (let n = 0; n < 4; n++) await abandonedPut();
    await rig.clock.advance(2 * DAY_MS);
    let cursor: unknown = null;
    let deleted = 0;
    let runs = 0;
    for (; runs < 50; runs++) {
      let steps = 0;
      const result = await walk.run(rig.store(), { untilMs: 0, isSpent: () => steps++ > 0 }, cursor);
      cursor = JSON.parse(JSON.stringify(result.cursor));
      deleted += result.report.deletedShards ?? 0;
      if (!result.isUnfinished) break;
    }
    expect(deleted).toBe(24);
    expect(runs).toBeGreaterThanOrEqual(6);
    let lists = 0;
    rig.plan = ({ kind }) => {
      if (kind === "list") lists++;
      return null;
    };
    cursor = (await walk.run(rig.store(), ENDLESS, cursor)).cursor;
    expect(lists).toBe(0);
    await rig.clock.advance(DAY_MS);
    await walk.run(rig.store(), ENDLESS, cursor);
    expect(lists).toBe(7);
  });

  it("pages through a drive, and stops where all is young", { tags: ["slow"] }, async () => {
    for (let n = 0; n < 1_200; n++) {
      rig.drive("drive-1").shards.set(shardKey(newId(rig.store()), 0), new Uint8Array(1));
    }
    await rig.clock.advance(2 * DAY_MS);
    for (let n = 0; n < 2_400; n++) {
      rig.drive("drive-1").shards.set(shardKey(newId(rig.store()), 0), new Uint8Array(1));
    }
    await runJob(watch, rig.store());
    let lists = 0;
    rig.plan = ({ kind, drive }) => {
      if (kind === "list" && drive === "drive-1") lists++;
      return null;
    };
    expect(await runJob(walk, rig.store())).toMatchObject({ deletedShards: 1_200 });
    expect(lists).toBe(2);
    expect(rig.stored().size).toBe(2_400);
  });

  it("passes over a drive that fails, begins with another one next time, and comes back to it", async () => {
    await abandonedPut();
    await rig.clock.advance(2 * DAY_MS);
    const held = rig.drive("drive-2").shards.size;
    await runJob(watch, rig.store());
    rig.plan = ({ drive }) => (drive === "drive-2" ? { kind: "fail", fault: "timeout" } : null);
    const first = await walk.run(rig.store(), ENDLESS, null);
    expect(first.report).toMatchObject({ deletedShards: 6 - held, failedDrives: 1 });
    await rig.clock.advance(1);
    const order: string[] = [];
    rig.plan = ({ drive, kind }) => {
      if (kind === "list") order.push(drive);
      return null;
    };
    expect((await walk.run(rig.store(), ENDLESS, first.cursor)).report).toMatchObject({ deletedShards: held });
    expect(order).toEqual(["drive-2"]);
  });

  it("begins anew where the drive no longer knows the cursor", async () => {
    await abandonedPut();
    await rig.clock.advance(2 * DAY_MS);
    const drives = Object.fromEntries(
      rig.rig.drives.map(({ name }) => [name, { at: "forgotten", beganMs: 0, isOver: false, triedMs: 0 }]),
    );
    rig.plan = ({ kind }) => (kind === "list" ? { kind: "fail", fault: "refused" } : null);
    const { cursor } = await walk.run(rig.store(), ENDLESS, { drives });
    rig.plan = () => null;
    expect((await walk.run(rig.store(), ENDLESS, cursor)).report).toMatchObject({ deletedShards: 6 });
  });

  it("with the collector leaves nothing of what was deleted, though a drive was away", { tags: ["slow"] }, async () => {
    await rig.put("k", LARGE);
    await deleteObject(rig.store(), { bucket: rig.bucket, key: "k" });
    await rig.clock.advance(2 * DAY_MS);
    const rest = rig.rig.drives.slice(1);
    await runJob(collect, rig.store({ drives: rest }));
    expect(await rig.blobs()).toEqual([]);
    for (let day = 0; day < 3; day++) {
      await rig.clock.advance(DAY_MS);
      await runJobs(rig.store());
    }
    expect(rig.stored().size).toBe(0);
  });
});

describe("a write that takes longer than any may", () => {
  it("is refused before its commit: its shards may be gone by then", async () => {
    const body = bodyOf(LARGE, 4_000);
    let pieces = 0;
    const slow = {
      ...body,
      next: async () => {
        if (++pieces === 2) await rig.clock.advance(WRITE_SECONDS_MAX * 1000 + 1);
        return body.next();
      },
    };
    const refused = await putObject(rig.store(), { ...put(rig.bucket, "slow", LARGE), body: slow }).catch(
      (e: unknown) => e,
    );
    expect((refused as StoreError).failure).toEqual({ kind: "too-slow", secondsMax: WRITE_SECONDS_MAX });
    expect(await rig.blobs()).toEqual([]);
  });
});
