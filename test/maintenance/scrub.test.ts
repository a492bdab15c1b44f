import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { scrub } from "../../src/maintenance/scrub/scrub.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { pattern } from "../support/store.ts";
import { type BlobState, DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig, runJob } from "./support/rig.ts";

const LARGE = pattern(9_001, 1);
const LONG = pattern(5_500_001, 2);
const SMALL = pattern(700, 3);
const CYCLE_MS = 30 * DAY_MS;

let rig: MaintenanceRig;
beforeEach(async () => {
  rig = await MaintenanceRig.open();
});
afterEach(() => rig.rig.dispose());

/** Runs the scrub every `everyMs` for `lengthMs`; adds up what it says. */
class Cycle {
  cursor: unknown = null;
  readonly total: Record<string, number> = {};

  async run(lengthMs: number, everyMs = HOUR_MS, store: () => StoreContext = () => rig.store()): Promise<this> {
    for (let atMs = 0; atMs <= lengthMs; atMs += everyMs) {
      const { report, cursor } = await scrub.run(store(), ENDLESS, this.cursor);
      for (const [what, count] of Object.entries(report)) this.total[what] = (this.total[what] ?? 0) + count;
      this.cursor = JSON.parse(JSON.stringify(cursor));
      if (atMs + everyMs <= lengthMs) await rig.clock.advance(everyMs);
    }
    return this;
  }
}

async function verified(id: string): Promise<(number | null)[]> {
  return JSON.parse((await rig.blob(id)).verified_ms ?? "[]");
}

describe("scrub", () => {
  it("verifies every shard once in a cycle, spread over it, and keeps when", { tags: ["slow"] }, async () => {
    const blobs: BlobState[] = [];
    for (let n = 0; n < 10; n++) {
      blobs.push(await rig.put(`k/${n}`, n % 2 ? SMALL : LARGE));
      await rig.clock.advance(1);
    }
    const began = rig.clock.now();
    const cycle = await new Cycle().run(CYCLE_MS);
    expect(cycle.total).toMatchObject({ verifiedShards: 5 * 6 + 5 * 3, damagedShards: 0, unreachableShards: 0 });
    const times = (await Promise.all(blobs.map(({ id }) => verified(id)))).map((one) => one[0] as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    // The middle of what there is comes about in the middle of the cycle.
    expect(((times[4] as number) - began) / CYCLE_MS).toBeGreaterThan(0.2);
    expect(((times[4] as number) - began) / CYCLE_MS).toBeLessThan(0.6);
    expect(times[9]).toBeLessThanOrEqual(began + CYCLE_MS);
    await cycle.run(CYCLE_MS);
    expect(cycle.total.verifiedShards).toBe(2 * 45);
    for (const { id } of blobs) for (const ms of await verified(id)) expect(ms).toBeGreaterThan(began + CYCLE_MS);
  });

  it("finds every flipped bit, lost, cut and exchanged shard, wherever it is, and heal mends it", {
    tags: ["slow"],
  }, async () => {
    const long = await rig.put("long", LONG);
    const bytes = rig.shard(long, 3) as Uint8Array;
    rig.flipBit(long, 3, bytes.length - 1);
    rig.flipBit(long, 4, 9);
    const short = await rig.put("short", LARGE);
    rig.lose(short, 0);
    const [drive, key] = short.shards[5] as [string, string];
    rig.drive(drive).shards.set(key, (rig.shard(short, 5) as Uint8Array).slice(0, -1));
    const copies = await rig.put("copies", SMALL);
    const other = await rig.put("other", SMALL);
    const [atDrive, atKey] = copies.shards[1] as [string, string];
    rig.drive(atDrive).shards.set(atKey, rig.shard(other, 1) as Uint8Array);
    const { total } = await new Cycle().run(CYCLE_MS);
    expect(total).toMatchObject({ damagedShards: 5, verifiedShards: 18 - 5, unreachableShards: 0 });
    const found = (await rig.damage()).map(({ blob_id, shard, cause }) => `${blob_id} ${shard} ${cause}`);
    expect(found.sort()).toEqual(
      [
        `${long.id} 3 corrupt`,
        `${long.id} 4 corrupt`,
        `${short.id} 0 absent`,
        `${short.id} 5 short`,
        `${copies.id} 1 corrupt`,
      ].sort(),
    );
    await runJob(heal, rig.store());
    await rig.expectAllShardsGood();
    await rig.expectBytes("long", LONG);
    await rig.expectBytes("short", LARGE);
    // What was written anew was not verified since.
    expect((await verified(long.id)).map((ms) => ms === null)).toEqual([false, false, false, true, true, false]);
  });

  it("notes shards that rows lack and nobody noted", { tags: ["slow"] }, async () => {
    const blob = await rig.put("k", LARGE);
    const shards = blob.shards.map((place, shard) => (shard === 2 ? null : place));
    await rig.rig.d1.batch([rig.rig.d1.prepare("UPDATE blobs SET shards = ?1").bind(JSON.stringify(shards))]);
    await new Cycle().run(CYCLE_MS);
    expect(await rig.damage()).toEqual([{ blob_id: blob.id, shard: 2, cause: "not-written" }]);
    await runJob(heal, rig.store());
    await rig.expectAllShardsGood();
  });

  it("passes over a drive that is out of reach: its shards keep their time, and are no damage", {
    tags: ["slow"],
  }, async () => {
    const blob = await rig.put("k", LARGE);
    const cycle = await new Cycle().run(CYCLE_MS);
    const before = await verified(blob.id);
    rig.plan = ({ drive }) => (drive === blob.shards[1]?.[0] ? { kind: "fail", fault: "timeout" } : null);
    await cycle.run(CYCLE_MS);
    const after = await verified(blob.id);
    expect(after[1]).toBe(before[1]);
    expect(after[0]).toBeGreaterThan(before[0] as number);
    expect(cycle.total).toMatchObject({ unreachableShards: 1, damagedShards: 0 });
    expect(await rig.damage()).toEqual([]);
  });

  it("takes no recent miss of a KV namespace for damage", { tags: ["slow"] }, async () => {
    const kv = Object.assign(new MemoryDrive({ name: "kv", class: "small" }), { settleMs: 2 * DAY_MS });
    rig.rig.drives.splice(2, 5, kv);
    const blob = await rig.put("k", SMALL);
    rig.lose(
      blob,
      blob.shards.findIndex((place) => place?.[0] === "kv"),
    );
    const cycle = await new Cycle().run(DAY_MS);
    expect(cycle.total).toMatchObject({ unreachableShards: 1, damagedShards: 0 });
    await cycle.run(CYCLE_MS);
    expect(cycle.total.damagedShards).toBe(1);
  });
});

describe("the bounds of a run", () => {
  it("in bytes: a long blob is verified over many runs, and its end found damaged", async () => {
    const settings = { scrubBytesPerRun: 2_000_000, scrubCycleSeconds: 3600 };
    const store = () => rig.store({ settings });
    const blob = await rig.put("k", LONG);
    rig.flipBit(blob, 1, 1_300_000);
    rig.flipBit(blob, 5, 300_000);
    let most = 0;
    let read = 0;
    rig.plan = ({ kind }) => {
      if (kind === "read") read++;
      return null;
    };
    const cycle = new Cycle();
    await cycle.run(0, 1, store);
    await rig.clock.advance(HOUR_MS);
    let runs = 0;
    for (; (cycle.total.verifiedShards ?? 0) === 0 && runs < 50; runs++) {
      read = 0;
      await cycle.run(0, 1, store);
      most = Math.max(most, read);
    }
    // Six stripes of six frames of 256 KiB: one stripe a run, and the header with the first.
    expect(runs).toBe(6);
    expect(most).toBeLessThanOrEqual(12);
    expect(cycle.total).toMatchObject({ verifiedShards: 4, damagedShards: 2 });
    expect((await rig.damage()).map(({ shard }) => shard)).toEqual([1, 5]);
    expect((await verified(blob.id)).map((ms) => ms === null)).toEqual([false, true, false, false, false, true]);
  });

  it("in time: what was verified is kept, and the next run goes on behind it", { tags: ["slow"] }, async () => {
    for (let n = 0; n < 10; n++) await rig.put(`k/${n}`, LARGE);
    const cycle = await new Cycle().run(0);
    await rig.clock.advance(CYCLE_MS);
    let looks = 4;
    const budget = { untilMs: 0, isSpent: () => looks-- <= 0 };
    const { cursor, report, isUnfinished } = await scrub.run(rig.store(), budget, cycle.cursor);
    expect(isUnfinished).toBe(true);
    expect(report.verifiedShards).toBe(3 * 6);
    expect((await scrub.run(rig.store(), ENDLESS, cursor)).report.verifiedShards).toBe(7 * 6);
  });

  it("begins a blob anew whose shards were moved between two runs", { tags: ["slow"] }, async () => {
    const settings = { scrubBytesPerRun: 2_000_000, scrubCycleSeconds: 3600 };
    const store = () => rig.store({ settings });
    const blob = await rig.put("k", LONG);
    const cycle = await new Cycle().run(0, 1, store);
    await rig.clock.advance(HOUR_MS);
    await cycle.run(0, 1, store);
    await cycle.run(0, 1, store);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    await runJob(heal, rig.store());
    // The beginning of the new shard rots: it must not count as verified by what was read of the old one.
    rig.flipBit(await rig.blob(blob.id), 0, 100);
    for (let run = 0; run < 8; run++) await cycle.run(0, 1, store);
    expect((await rig.damage()).map(({ shard }) => shard)).toEqual([0]);
  });

  it("keeps no time for a blob whose shards were moved while it was read", async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    const cycle = await new Cycle().run(0);
    await rig.clock.advance(CYCLE_MS);
    const store = rig.store();
    const { record } = store.metadata.scrubbing;
    store.metadata.scrubbing.record = async (...args) => {
      await runJob(heal, rig.store());
      return record.apply(store.metadata.scrubbing, args);
    };
    await scrub.run(store, ENDLESS, cycle.cursor);
    expect((await rig.blob(blob.id)).verified_ms).toBeNull();
  });

  it("none at all where the bound is nothing", async () => {
    await rig.put("k", LARGE);
    const { total } = await new Cycle().run(CYCLE_MS, DAY_MS, () => rig.store({ settings: { scrubBytesPerRun: 0 } }));
    expect(total.verifiedShards).toBe(0);
  });

  it("keep their pace though half of everything is deleted in the middle of the cycle", {
    tags: ["slow"],
  }, async () => {
    for (let n = 0; n < 20; n++) await rig.put(`k/${n}`, LARGE);
    const cycle = await new Cycle().run(CYCLE_MS / 2);
    const done = cycle.total.verifiedShards as number;
    for (let n = 0; n < 8; n++) await deleteObject(rig.store(), { bucket: rig.bucket, key: `k/${n}` });
    await rig.rows("UPDATE blobs SET condemned_ms = 1 WHERE id IN (SELECT id FROM blobs ORDER BY id LIMIT 8)");
    await cycle.run(CYCLE_MS / 2);
    expect(done).toBeGreaterThan(50);
    expect(cycle.total.verifiedShards).toBe(120);
  });

  it("do not end for good where all that was left is deleted in the middle of the cycle", {
    tags: ["slow"],
  }, async () => {
    const old = await rig.put("old", LARGE);
    await rig.clock.advance(1);
    const young = await rig.put("young", LARGE);
    const cycle = await new Cycle().run(CYCLE_MS * 0.4);
    expect(cycle.total.verifiedShards).toBe(6);
    await rig.rows(`UPDATE blobs SET condemned_ms = 1 WHERE id = '${young.id}'`);
    rig.flipBit(old, 2, 200);
    await cycle.run(CYCLE_MS * 1.7);
    expect((await rig.damage()).map(({ blob_id, shard }) => [blob_id, shard])).toEqual([[old.id, 2]]);
  });
});
