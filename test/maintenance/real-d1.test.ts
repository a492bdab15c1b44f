import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { drain } from "../../src/maintenance/heal/drain.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { scrub } from "../../src/maintenance/scrub/scrub.ts";
import { snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { walk } from "../../src/maintenance/walk/walk.ts";
import type { Cost } from "../../src/metadata/database.ts";
import { SNAPSHOT_TABLES } from "../../src/metadata/snapshots/snapshots.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { pattern } from "../support/store.ts";
import { DAY_MS, ENDLESS, MaintenanceRig, runJob } from "./support/rig.ts";

// The other tests of this folder run on SQLite in their own process. Here the same statements meet D1 itself, which counts the
// rows that they read and write.

const BODY = pattern(9_001, 1);
const OBJECTS = 100;

let rig: MaintenanceRig;
beforeAll(async () => {
  rig = await MaintenanceRig.open({ countsRows: true });
  for (let n = 0; n < OBJECTS; n++) await rig.putBytes(`k/${n}`, BODY);
}, 60_000);
afterAll(() => rig.rig.dispose());

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  rig.rig.takeCost();
  await work();
  return rig.rig.takeCost();
}

describe("on the real D1", () => {
  it("heal costs each blob a few rows, however many there are", async () => {
    const [first, second] = await rig.blobs();
    rig.lose(first!, 0);
    await rig.note(first!.id, 0);
    // Nobody can heal it for now: it waits, and is not read again and again.
    for (const shard of [0, 1, 2]) {
      rig.lose(second!, shard);
      await rig.note(second!.id, shard);
    }
    const cost = await costOf(() => runJob(heal, rig.rig.store));
    expect(cost.roundTrips).toBeLessThanOrEqual(2 + 2 * 2);
    expect(cost.rowsRead).toBeLessThanOrEqual(100);
    expect(cost.rowsWritten).toBeLessThanOrEqual(30);
    expect((await rig.blob(first!.id)).spare_shards).toBeNull();
    expect((await rig.blob(second!.id)).spare_shards).toBe(-1);
    const idle = await costOf(() => runJob(heal, rig.rig.store));
    expect(idle).toMatchObject({ roundTrips: 1, rowsWritten: 0 });
    expect(idle.rowsRead).toBeLessThanOrEqual(6);
    await rig.rows(`DELETE FROM damage`);
    await rig.rows(`UPDATE blobs SET spare_shards = NULL`);
    await deleteObject(rig.rig.store, { bucket: rig.bucket, key: "k/0" });
  });

  it("a snapshot reads each row a few times and writes none but its job's", async () => {
    const { settings } = rig.rig.store;
    const store = { ...rig.rig.store, settings: { ...settings, snapshotSeconds: 86_400 } };
    const { cursor } = await snapshot.run(store, ENDLESS, null);
    const cost = await costOf(() => snapshot.run(store, ENDLESS, cursor));
    // Objects and blobs. Pages are cut by bytes: D1 counts a row again for each step of that.
    expect(cost.rowsRead).toBeLessThanOrEqual(2 * OBJECTS * 9);
    expect(cost.rowsWritten).toBe(0);
    // A page of each table that is read on its own (versions come with objects), and one for the manifest: the store's id.
    expect(cost.roundTrips).toBeLessThanOrEqual(Object.keys(SNAPSHOT_TABLES).length);
  });

  it("drain reads each blob once", async () => {
    const store = rig.rig.store;
    const walked = await costOf(() => runJob(drain, store));
    expect(walked.rowsRead).toBeLessThanOrEqual(OBJECTS + 10);
    expect(walked.rowsWritten).toBe(0);
  });

  it("scrub reads each blob twice in a cycle, and writes it once", async () => {
    const store = rig.rig.store;
    let cursor: unknown = null;
    const cost = await costOf(async () => {
      ({ cursor } = await scrub.run(store, ENDLESS, null));
      await rig.clock.advance(30 * DAY_MS);
      const { report } = await scrub.run(store, ENDLESS, cursor);
      expect(report.verifiedShards).toBeGreaterThanOrEqual(OBJECTS * 6 - 6);
    });
    expect(cost.rowsWritten).toBeLessThanOrEqual(OBJECTS + 20);
    // Rows of lists that travel as JSON are counted too.
    expect(cost.rowsRead).toBeLessThanOrEqual(8 * OBJECTS);
  });

  it("walk reads a row or two for each shard, and writes none", async () => {
    await rig.clock.advance(2 * DAY_MS);
    const cost = await costOf(() => runJob(walk, rig.rig.store));
    expect(cost.rowsWritten).toBeLessThanOrEqual(1);
    expect(cost.rowsRead).toBeLessThanOrEqual(12 * 6 * OBJECTS);
  });

  it("collect frees what was deleted", async () => {
    for (let n = 1; n < 50; n++) await deleteObject(rig.rig.store, { bucket: rig.bucket, key: `k/${n}` });
    await rig.clock.advance(2 * DAY_MS);
    const cost = await costOf(() => runJob(collect, rig.rig.store));
    expect((await rig.blobs()).length).toBe(OBJECTS - 50);
    expect(cost.rowsWritten).toBeLessThanOrEqual(50 * 8);
  });
});
