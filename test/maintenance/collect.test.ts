import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect, collectGarbage, countGarbage } from "../../src/maintenance/collect/collect.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { pattern, readAll } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig, MINUTE_MS, runJob } from "./support/rig.ts";

const LARGE = pattern(9_001, 1);

let rig: MaintenanceRig;
beforeEach(async () => {
  rig = await MaintenanceRig.open();
});
afterEach(() => rig.rig.dispose());

async function putAndDelete(count: number, prefix = "k"): Promise<void> {
  for (let n = 0; n < count; n++) {
    await rig.putBytes(`${prefix}/${n}`, LARGE);
    await deleteObject(rig.store(), { bucket: rig.bucket, key: `${prefix}/${n}` });
  }
}

describe("collect", () => {
  it("deletes what was deleted longer ago than the grace time, and nothing else", async () => {
    await putAndDelete(3);
    await rig.put("stays", LARGE);
    await rig.clock.advance(DAY_MS);
    expect(await runJob(collect, rig.store())).toMatchObject({ emptied: 0, deletedBlobs: 0 });
    await rig.clock.advance(1);
    expect(await runJob(collect, rig.store())).toMatchObject({ emptied: 3, deletedBlobs: 3, waitingBlobs: 0 });
    expect(rig.stored()).toEqual(await rig.named());
    expect(rig.stored().size).toBe(6);
    await rig.expectBytes("stays", LARGE);
  });

  it("does not wait for the grace time while a disk fills up, nor for the next snapshot, but for reads under way", {
    tags: ["slow"],
  }, async () => {
    const space = { measure: async () => [{ name: "drive-1", freeBytes: 15, totalBytes: 99, reserveBytes: 10 }] };
    const tight = (snapshotSeconds: number) => ({ ...rig.store({ settings: { snapshotSeconds } }), space });
    await rig.put("stays", LARGE);
    await runJobs(tight(24 * 3600), [snapshot]);
    await rig.clock.advance(MINUTE_MS);
    await putAndDelete(2);
    await rig.clock.advance(14 * MINUTE_MS);
    expect(await runJob(collect, tight(0))).toMatchObject({ emptied: 0 });
    await rig.clock.advance(2 * MINUTE_MS);
    expect(await runJob(collect, rig.store())).toMatchObject({ emptied: 0 });
    // The snapshot of a quarter of an hour ago holds them: another one is taken now, and nothing but that is waited for.
    expect(await runJob(collect, tight(24 * 3600))).toMatchObject({ emptied: 0 });
    await runJobs(tight(24 * 3600), [snapshot]);
    expect(await runJob(collect, tight(24 * 3600))).toMatchObject({ emptied: 2, deletedBlobs: 2 });
    await rig.expectBytes("stays", LARGE);
  });

  it("tells what it would do, and does nothing", async () => {
    await putAndDelete(3);
    await rig.clock.advance(2 * DAY_MS);
    const everything = async () => [rig.stored(), await rig.rows("SELECT * FROM trash"), await rig.blobs()];
    const before = await everything();
    expect(await countGarbage(rig.store(), ENDLESS)).toMatchObject({ emptied: 3, deletedBlobs: 0 });
    expect(await everything()).toEqual(before);
    await rig.store().metadata.blobs.releaseTrash(await rig.store().metadata.blobs.trash(rig.clock.now(), 2), 5);
    const condemned = await everything();
    expect(await countGarbage(rig.store(), ENDLESS)).toMatchObject({ emptied: 1, deletedBlobs: 2 });
    expect(await everything()).toEqual(condemned);
  });

  it("never deletes a blob that is referred to, whatever else its row says", async () => {
    await rig.put("k", LARGE);
    await rig.rows("UPDATE blobs SET condemned_ms = 5");
    expect(await runJob(collect, rig.store())).toMatchObject({ deletedBlobs: 0 });
    await rig.expectBytes("k", LARGE);
  });

  it("lets no dead drive hold up the others, and asks it once a run", { tags: ["slow"] }, async () => {
    await putAndDelete(250);
    await rig.clock.advance(2 * DAY_MS);
    let asked = 0;
    rig.plan = ({ drive, kind }) => {
      if (drive !== "drive-1" || kind !== "delete") return null;
      asked++;
      return { kind: "fail", fault: "unreachable" };
    };
    const onDead = rig.drive("drive-1").shards.size;
    const { deletedBlobs, failedDrives } = await runJob(collect, rig.store());
    expect([asked, failedDrives]).toEqual([1, 1]);
    expect(deletedBlobs).toBeGreaterThan(0);
    // Blobs that were condemned in the same millisecond as others may be left to the next run.
    const again = await runJob(collect, rig.store());
    expect(again).toMatchObject({ emptied: 0, waitingBlobs: onDead });
    expect((deletedBlobs ?? 0) + (again.deletedBlobs ?? 0)).toBe(250 - onDead);
    expect(rig.stored().size).toBe(onDead);
    expect(await rig.named()).toEqual(rig.stored());
    // What comes later is deleted all the same.
    await putAndDelete(20, "later");
    await rig.clock.advance(2 * DAY_MS);
    await runJob(collect, rig.store());
    await runJob(collect, rig.store());
    expect(rig.stored().size).toBe(rig.drive("drive-1").shards.size);
    rig.plan = () => null;
    await runJob(collect, rig.store());
    expect(rig.stored().size).toBe(0);
    expect(await rig.blobs()).toEqual([]);
  });

  it("forgets blobs with shards on a drive that is gone from the configuration", async () => {
    await putAndDelete(10);
    await rig.clock.advance(2 * DAY_MS);
    const rest = rig.rig.drives.filter(({ name }) => name !== "drive-1");
    expect(await runJob(collect, rig.store({ drives: rest }))).toMatchObject({ deletedBlobs: 10, waitingBlobs: 0 });
    expect(await rig.blobs()).toEqual([]);
  });

  it("goes on where its time was over", { tags: ["slow"] }, async () => {
    await putAndDelete(250);
    await rig.clock.advance(2 * DAY_MS);
    rig.plan = ({ drive, kind }) =>
      drive === "drive-1" && kind === "delete" ? { kind: "fail", fault: "unreachable" } : null;
    const onDead = rig.drive("drive-1").shards.size;
    let deleted = 0;
    let cursor: Parameters<typeof collectGarbage>[2] = null;
    for (let run = 0; run < 10; run++) {
      let steps = 0;
      const budget = { untilMs: 0, isSpent: () => steps++ > 0 };
      const result = await collectGarbage(rig.store(), budget, cursor);
      cursor = JSON.parse(JSON.stringify(result.cursor));
      deleted += result.report.deletedBlobs ?? 0;
    }
    expect(deleted).toBe(250 - onDead);
  });

  it("empties the trash of objects of very many extents a piece at a time", { tags: ["slow"] }, async () => {
    const { id } = await rig.put("k", LARGE);
    const extents = Array.from({ length: 8_000 }, (_, n) => [n, 1, id, 0, `${String(n).padStart(26, "0")}`]);
    for (let n = 0; n < 5; n++) {
      await rig.rig.d1.batch([
        rig.rig.d1
          .prepare("INSERT INTO trash (dropped_ms, id, extents) VALUES (1, ?1, ?2)")
          .bind(`${n}`, JSON.stringify(extents)),
      ]);
    }
    const sizes: number[] = [];
    const store = rig.store();
    const { releaseTrash } = store.metadata.blobs;
    store.metadata.blobs.releaseTrash = (rows, nowMs) => {
      sizes.push(JSON.stringify(rows).length);
      return releaseTrash.call(store.metadata.blobs, rows, nowMs);
    };
    expect(await runJob(collect, store)).toMatchObject({ emptied: 5, deletedBlobs: 0 });
    expect(Math.max(...sizes)).toBeLessThan(1_600_000);
    await rig.expectBytes("k", LARGE);
  });

  it("leaves what reads stream for the grace time", { tags: ["slow"] }, async () => {
    await rig.put("k", LARGE);
    const { read } = await openObject(rig.store(), { bucket: rig.bucket, key: "k" });
    await deleteObject(rig.store(), { bucket: rig.bucket, key: "k" });
    for (let hour = 0; hour < 24; hour++) {
      await runJob(collect, rig.store());
      await rig.clock.advance(HOUR_MS - MINUTE_MS);
    }
    const bytes = await readAll(await read({ offset: 0, length: LARGE.length }));
    expect(Buffer.compare(bytes, LARGE)).toBe(0);
  });
});
