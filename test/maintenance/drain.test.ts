import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CensusCursor, census } from "../../src/maintenance/census/census.ts";
import { drain } from "../../src/maintenance/heal/drain.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { putObject } from "../../src/store/write/write.ts";
import { pattern, put } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig, MINUTE_MS, runJob } from "./support/rig.ts";

const BODIES = [pattern(9_001, 1), pattern(700, 2), pattern(30_000, 3), pattern(1_200_000, 4)];

let rig: MaintenanceRig;
beforeEach(async () => {
  rig = await MaintenanceRig.open({ drives: 8 });
  for (const [n, bytes] of BODIES.entries()) await rig.put(`k/${n}`, bytes);
});
afterEach(() => rig.rig.dispose());

async function expectAll(store?: StoreContext): Promise<void> {
  for (const [n, bytes] of BODIES.entries()) await rig.expectBytes(`k/${n}`, bytes, store);
}

async function namedOn(drive: string): Promise<number> {
  return [...(await rig.named())].filter((place) => place.startsWith(`${drive} `)).length;
}

/** A drive that several of the blobs have a shard on. */
async function busyDrive(): Promise<string> {
  const counts = await Promise.all(rig.rig.drives.map(async ({ name }) => ({ name, shards: await namedOn(name) })));
  return counts.sort((a, b) => b.shards - a.shards)[0]?.name as string;
}

describe("a drive that is configured as draining", () => {
  it("ends without a shard that a row names; every shard was copied, none rebuilt", async () => {
    const name = await busyDrive();
    const shards = await namedOn(name);
    expect(shards).toBeGreaterThanOrEqual(3);
    rig.drive(name).draining = true;
    const read: string[] = [];
    rig.plan = ({ kind, drive }) => {
      if (kind === "get") read.push(drive);
      return null;
    };
    expect(await runJob(drain, rig.store())).toEqual({ notedShards: shards });
    // What is to be moved is no less good than before.
    expect((await rig.blobs()).map(({ spare_shards }) => spare_shards)).not.toContain(1);
    expect(await runJob(heal, rig.store())).toMatchObject({
      copiedShards: shards,
      rebuiltShards: 0,
      healedBlobs: shards,
    });
    expect(read).toEqual(Array(shards).fill(name));
    expect(await namedOn(name)).toBe(0);
    await rig.expectAllShardsGood();
    await expectAll(rig.store({ drives: rig.rig.drives.filter((drive) => drive.name !== name) }));
  });

  it("is as good as any other while its shards wait to be moved", async () => {
    rig.drive(await busyDrive()).draining = true;
    await runJob(drain, rig.store());
    const { cursor } = await census.run(rig.store(), ENDLESS, null);
    const { redundancy } = (cursor as CensusCursor).complete?.totals ?? {};
    expect(redundancy).toEqual({ "4+2": { 6: 3 }, "1+2": { 3: 1 } });
  });

  it("moves blobs without any redundancy", async () => {
    const store = rig.store({ settings: { storageClasses: { STANDARD: { k: 2, m: 0 } } } });
    await putObject(store, put(rig.bucket, "bare", BODIES[2] as Uint8Array));
    const bare = (await rig.blobs()).find(({ shards }) => shards.length === 2);
    const name = bare?.shards[0]?.[0] as string;
    rig.drive(name).draining = true;
    await runJob(drain, rig.store());
    await runJob(heal, rig.store());
    expect(await namedOn(name)).toBe(0);
    await rig.expectBytes("bare", BODIES[2] as Uint8Array);
    await rig.expectAllShardsGood();
  });

  it("has its damaged shards rebuilt elsewhere, and takes nothing new", async () => {
    const name = await busyDrive();
    for (const blob of await rig.blobs()) {
      const shard = blob.shards.findIndex((place) => place?.[0] === name);
      if (shard >= 0) rig.flipBit(blob, shard, 70);
    }
    const shards = await namedOn(name);
    rig.drive(name).draining = true;
    await runJob(drain, rig.store());
    expect(await runJob(heal, rig.store())).toMatchObject({ rebuiltShards: shards, copiedShards: 0 });
    for (let n = 0; n < 8; n++) await rig.put(`new/${n}`, BODIES[0] as Uint8Array);
    expect(await namedOn(name)).toBe(0);
    await expectAll();
    await rig.expectAllShardsGood();
  });

  it("stays as it is where it is taken back: the notes go, no shard moves", async () => {
    const name = await busyDrive();
    const before = await rig.named();
    rig.drive(name).draining = true;
    await runJob(drain, rig.store());
    rig.drive(name).draining = false;
    expect(await runJob(heal, rig.store())).toMatchObject({ copiedShards: 0, rebuiltShards: 0 });
    expect(await rig.named()).toEqual(before);
    await rig.expectAllShardsGood();
  });

  it("is drained by the jobs alone, stragglers too", async () => {
    const name = await busyDrive();
    rig.drive(name).draining = true;
    await runJobs(rig.store());
    await runJobs(rig.store());
    expect(await namedOn(name)).toBe(0);
    // An isolate that has not heard of it writes there.
    rig.drive(name).draining = false;
    for (let n = 0; n < 8; n++) await rig.put(`late/${n}`, BODIES[0] as Uint8Array);
    expect(await namedOn(name)).toBeGreaterThan(0);
    rig.drive(name).draining = true;
    await rig.clock.advance(HOUR_MS);
    await runJobs(rig.store());
    expect(await namedOn(name)).toBe(0);
    await expectAll();
  });
});

describe("a drive that is not configured any more", () => {
  it("has its shards rebuilt on others, once its absence has lasted", async () => {
    const name = await busyDrive();
    const shards = await namedOn(name);
    const rest = rig.rig.drives.filter((drive) => drive.name !== name);
    const store = () => rig.store({ drives: rest });
    await runJob(drain, store());
    expect((await rig.damage()).map(({ cause }) => cause)).toEqual(Array(shards).fill("gone"));
    expect(await runJob(heal, store())).toMatchObject({ rebuiltShards: 0, waitingBlobs: shards });
    await rig.clock.advance(10 * MINUTE_MS);
    expect(await runJob(heal, store())).toMatchObject({ rebuiltShards: shards, healedBlobs: shards });
    expect(await namedOn(name)).toBe(0);
    await rig.expectAllShardsGood();
    await expectAll(store());
  });

  it("that comes back has lost nothing", async () => {
    const name = await busyDrive();
    const before = await rig.named();
    const shards = await namedOn(name);
    await runJob(drain, rig.store({ drives: rig.rig.drives.filter((drive) => drive.name !== name) }));
    await rig.clock.advance(DAY_MS);
    expect(await runJob(heal, rig.store())).toMatchObject({ fineShards: shards, rebuiltShards: 0 });
    expect(await rig.named()).toEqual(before);
    await rig.expectAllShardsGood();
  });

  it("two at a time: blobs that had shards on both come first", async () => {
    const [first, second] = ["drive-1", "drive-2"];
    const rest = rig.rig.drives.filter(({ name }) => name !== first && name !== second);
    const store = rig.store({ drives: rest });
    await runJob(drain, store);
    await rig.clock.advance(10 * MINUTE_MS);
    const due = await store.metadata.healing.due(rig.clock.now(), 10);
    const spares = (await rig.blobs()).map(({ id, spare_shards }) => [id, spare_shards ?? 9] as const);
    const order = due.map(({ id }) => new Map(spares).get(id) as number);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    await runJob(heal, store);
    await rig.expectAllShardsGood();
    await expectAll(store);
  });
});

describe("the walk over all blobs", () => {
  beforeEach(async () => {
    await rig.rows(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
      INSERT INTO blobs (id, k, m, block_bytes, size_bytes, crc64nvme, shards)
      SELECT printf('0%025d', i), 1, 0, 128, 1, '', json_array(json_array('drive-1', 'key')) FROM n`);
  });

  it("goes on where a run stopped, and rests when it is through", { tags: ["slow"] }, async () => {
    rig.drive("drive-1").draining = true;
    const onePage = () => {
      let pages = 0;
      return { untilMs: 0, isSpent: () => pages++ > 0 };
    };
    let cursor: unknown = null;
    const noted: (number | undefined)[] = [];
    for (let run = 0; run < 5; run++) {
      const result = await drain.run(rig.store(), onePage(), cursor);
      cursor = JSON.parse(JSON.stringify(result.cursor));
      noted.push(result.report.notedShards);
    }
    expect(noted.slice(0, 2)).toEqual([1000, 1000]);
    expect(noted[2]).toBeGreaterThanOrEqual(500);
    expect(noted.slice(3)).toEqual([0, 0]);
    let looks = 0;
    const store = rig.store();
    const { places } = store.metadata.healing;
    store.metadata.healing.places = (...args) => {
      looks++;
      return places.apply(store.metadata.healing, args);
    };
    cursor = (await drain.run(store, ENDLESS, cursor)).cursor;
    expect(looks).toBe(0);
    await rig.clock.advance(HOUR_MS);
    cursor = (await drain.run(store, ENDLESS, cursor)).cursor;
    expect(looks).toBe(3);
    // Another configuration is looked into at once.
    rig.drive("drive-2").draining = true;
    await drain.run(store, ENDLESS, cursor);
    expect(looks).toBe(6);
  });
});
