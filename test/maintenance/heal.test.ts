import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { pack } from "../../src/maintenance/collect/pack.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import type { StoreError } from "../../src/store/failure.ts";
import { parseShardKey } from "../../src/store/placement/shard-key.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { WRITE_SECONDS_MAX } from "../../src/store/settings.ts";
import { putObject } from "../../src/store/write/write.ts";
import { pattern, put } from "../support/store.ts";
import { type BlobState, DAY_MS, HOUR_MS, MaintenanceRig, MINUTE_MS, runJob } from "./support/rig.ts";

const LARGE = pattern(9_001, 1);
/** Several stripes of the largest blocks. */
const LONG = pattern(2_500_001, 2);
const SMALL = pattern(700, 3);

let rig: MaintenanceRig;
beforeEach(async () => {
  rig = await MaintenanceRig.open();
});
afterEach(() => rig.rig.dispose());

function drivesOf({ shards }: BlobState): (string | null)[] {
  return shards.map((place) => place?.[0] ?? null);
}

describe("heal rebuilds", () => {
  it.each([
    ["4+2, one stripe", LARGE, 2],
    ["4+2, several stripes", LONG, 2],
    ["three copies", SMALL, 2],
  ])("any lost shards as they were, byte for byte: %s", { tags: ["slow"] }, async (_shape, bytes, m) => {
    const count = bytes === SMALL ? 3 : 6;
    for (let first = 0; first < count; first++) {
      const second = (first + m) % count;
      const blob = await rig.put(`k/${first}`, bytes);
      const before = [first, second].map((shard) => rig.shard(blob, shard));
      rig.lose(blob, first);
      rig.flipBit(blob, second, bytes.length > 100_000 ? 300_000 : 200);
      await rig.note(blob.id, first);
      await rig.note(blob.id, second, "corrupt");
      expect((await rig.blob(blob.id)).spare_shards).toBe(0);
      expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: 1, rebuiltShards: 2, waitingBlobs: 0 });
      const healed = await rig.blob(blob.id);
      expect(Buffer.compare(rig.shard(healed, first) as Uint8Array, before[0] as Uint8Array)).toBe(0);
      expect(Buffer.compare(rig.shard(healed, second) as Uint8Array, before[1] as Uint8Array)).toBe(0);
      await rig.expectBytes(`k/${first}`, bytes);
    }
    await rig.expectAllShardsGood();
  });

  it("what a drive did not take at the commit, on another drive where that one still fails", async () => {
    rig.plan = ({ drive, kind }) => (drive === "drive-2" && kind === "close" ? { kind: "fail", fault: "full" } : null);
    const blobs: BlobState[] = [];
    for (let n = 0; n < 7; n++) blobs.push(await rig.put(`k/${n}`, LARGE));
    const incomplete = blobs.filter(({ shards }) => shards.includes(null)).length;
    expect(incomplete).toBeGreaterThan(0);
    expect((await rig.damage()).map(({ cause }) => cause)).toEqual(Array(incomplete).fill("not-written"));
    expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: incomplete, rebuiltShards: incomplete });
    await rig.expectAllShardsGood();
    expect(rig.drive("drive-2").shards.size).toBe(0);
  });

  it("under a fresh key that begins with the blob's id, on the same drive if that works, and leaves the old key alone", async () => {
    const blob = await rig.put("k", LARGE);
    rig.flipBit(blob, 1);
    await rig.note(blob.id, 1, "corrupt");
    await rig.clock.advance(MINUTE_MS);
    await runJob(heal, rig.store());
    const healed = await rig.blob(blob.id);
    expect(drivesOf(healed)).toEqual(drivesOf(blob));
    const key = healed.shards[1]?.[1] as string;
    expect(key).not.toBe(blob.shards[1]?.[1]);
    expect(parseShardKey(key)).toEqual({ blobId: blob.id, shard: 1, writtenMs: rig.clock.now() });
    expect(rig.shard(blob, 1)).toBeDefined();
  });

  it("a pack's shards too, and notes them when the pack is written", { tags: ["slow"] }, async () => {
    rig.plan = ({ drive, kind }) => (drive === "drive-1" && kind === "close" ? { kind: "fail", fault: "full" } : null);
    for (let round = 0; round < 7; round++) {
      for (let n = 0; n < 20; n++) await putObject(rig.store(), put(rig.bucket, `${round}/${n}`, pattern(80, n)));
      await rig.clock.advance(2 * HOUR_MS);
      await runJob(pack, rig.store());
    }
    const lacking = (await rig.blobs()).filter(({ shards }) => shards.includes(null)).length;
    expect(lacking).toBeGreaterThan(0);
    expect(await rig.damage()).toHaveLength(lacking);
    await runJob(heal, rig.store());
    await rig.expectAllShardsGood();
  });

  it("under its own steam from a read: damage that a GET meets is healed", async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.expectBytes("k", LARGE);
    expect(await rig.damage()).toEqual([{ blob_id: blob.id, shard: 0, cause: "absent" }]);
    expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: 1 });
    await rig.expectAllShardsGood();
  });
});

describe("heal looks again before it writes", () => {
  it("a shard that is good after all only loses its note", async () => {
    const blob = await rig.put("k", LARGE);
    await rig.note(blob.id, 2);
    await rig.note(blob.id, 4, "corrupt");
    const before = rig.stored();
    expect(await runJob(heal, rig.store())).toMatchObject({ fineShards: 2, rebuiltShards: 0, healedBlobs: 1 });
    expect(rig.stored()).toEqual(before);
    await rig.expectAllShardsGood();
  });

  it("a shard with a wrong header, of another blob or place, is rebuilt", { tags: ["slow"] }, async () => {
    const blob = await rig.put("k", LARGE);
    const other = await rig.put("other", LARGE);
    const place = blob.shards[0] as [string, string];
    rig.drive(place[0]).shards.set(place[1], rig.shard(other, 0) as Uint8Array);
    rig.flipBit(blob, 1, 14);
    for (const shard of [0, 1]) await rig.note(blob.id, shard, "corrupt");
    expect(await runJob(heal, rig.store())).toMatchObject({ rebuiltShards: 2 });
    await rig.expectBytes("k", LARGE);
    await rig.expectAllShardsGood();
  });

  it("a drive that cannot be asked is waited for, and the blob tried again later and later", {
    tags: ["slow"],
  }, async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    const [drive] = blob.shards[0] as [string, string];
    rig.plan = (call) => (call.drive === drive ? { kind: "fail", fault: "unreachable" } : null);
    let waits = 0;
    for (let minute = 0; minute < 24 * 60; minute++) {
      waits += (await runJob(heal, rig.store())).waitingBlobs ?? 0;
      await rig.clock.advance(MINUTE_MS);
    }
    // At 0, 1, 3, 7 … minutes, and from then on every six hours.
    expect(waits).toBeGreaterThan(9);
    expect(waits).toBeLessThan(14);
    rig.plan = () => null;
    await rig.clock.advance(6 * HOUR_MS);
    expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: 1 });
    await rig.expectAllShardsGood();
  });
});

describe("a KV namespace, which may say absent for two minutes", () => {
  let kv: MemoryDrive;
  beforeEach(() => {
    kv = Object.assign(new MemoryDrive({ name: "kv", class: "small" }), { settleMs: 120_000 });
    rig.rig.drives.splice(2, 5, kv);
  });

  it("is not healed of a recent miss, and healed of one that stays", async () => {
    const blob = await rig.put("k", SMALL);
    const shard = drivesOf(blob).indexOf("kv");
    expect(shard).toBeGreaterThanOrEqual(0);
    await rig.clock.advance(HOUR_MS);
    rig.plan = ({ drive, kind }) => (drive === "kv" && kind === "get" ? { kind: "absent" } : null);
    await rig.note(blob.id, shard);
    expect(await runJob(heal, rig.store())).toMatchObject({ rebuiltShards: 0, waitingBlobs: 1 });
    await rig.clock.advance(119_000);
    expect(await runJob(heal, rig.store())).toMatchObject({ rebuiltShards: 0, waitingBlobs: 0 });
    await rig.clock.advance(1_000);
    expect(await runJob(heal, rig.store())).toMatchObject({ rebuiltShards: 1, healedBlobs: 1 });
    // The new shard is as young as a new blob's.
    const healed = await rig.blob(blob.id);
    expect(drivesOf(healed)).toEqual(drivesOf(blob));
    await rig.expectBytes("k", SMALL);
    expect(await rig.damage()).toEqual([]);
  });

  it("loses its note when the miss was untrue", async () => {
    const blob = await rig.put("k", SMALL);
    await rig.clock.advance(HOUR_MS);
    await rig.note(blob.id, drivesOf(blob).indexOf("kv"));
    expect(await runJob(heal, rig.store())).toMatchObject({ fineShards: 1, healedBlobs: 1 });
    expect(rig.stored().size).toBe(3);
  });
});

describe("the order of healing", () => {
  it("is by how close to loss blobs are", async () => {
    const blobs: BlobState[] = [];
    for (const lost of [1, 2, 1, 2]) {
      const blob = await rig.put(`k/${blobs.length}`, LARGE);
      for (let shard = 0; shard < lost; shard++) {
        rig.lose(blob, shard);
        await rig.note(blob.id, shard);
      }
      blobs.push(blob);
    }
    const three = await rig.put("k/copies", SMALL);
    await rig.note(three.id, 0);
    const order: string[] = [];
    rig.plan = ({ kind, key }) => {
      if (kind === "get" && key && !order.includes(key.slice(0, 26))) order.push(key.slice(0, 26));
      return null;
    };
    await runJob(heal, rig.store());
    expect(order.slice(0, 2).sort()).toEqual([blobs[1]?.id, blobs[3]?.id].sort());
    expect(order).toHaveLength(5);
    await rig.expectAllShardsGood();
  });

  it("keeps to its budget and goes on with the next run", async () => {
    for (let n = 0; n < 8; n++) {
      const blob = await rig.put(`k/${n}`, LARGE);
      rig.lose(blob, n % 6);
      await rig.note(blob.id, n % 6);
    }
    let left = 3;
    const budget = { untilMs: 0, isSpent: () => left-- <= 0 };
    const first = await heal.run(rig.store(), budget, null);
    expect(first.isUnfinished).toBe(true);
    expect(first.report.healedBlobs).toBeGreaterThan(0);
    expect(first.report.healedBlobs).toBeLessThan(8);
    await runJob(heal, rig.store());
    await rig.expectAllShardsGood();
  });

  it("lets one healer at a time have a blob", { tags: ["slow"] }, async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    let gets = 0;
    rig.plan = ({ kind }) => {
      if (kind === "get") gets++;
      return null;
    };
    const reports = await Promise.all([runJob(heal, rig.store()), runJob(heal, rig.store())]);
    expect(reports.map(({ rebuiltShards }) => rebuiltShards).sort()).toEqual([0, 1]);
    // One look at the shard that is lost, and four of the others.
    expect(gets).toBe(5);
    await rig.expectAllShardsGood();
  });

  it("is not held up by a blob that kills its healer", async () => {
    const poison = await rig.put("poison", LARGE);
    const blob = await rig.put("k", LARGE);
    rig.lose(poison, 0);
    rig.lose(poison, 1);
    rig.lose(blob, 0);
    for (const shard of [0, 1]) await rig.note(poison.id, shard);
    await rig.note(blob.id, 0);
    rig.plan = ({ key }) => {
      if (key?.startsWith(poison.id)) throw new RangeError("a bug");
      return null;
    };
    await expect(runJob(heal, rig.store())).rejects.toThrow("a bug");
    expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: 1 });
    expect((await rig.blob(blob.id)).spare_shards).toBeNull();
  });
});

describe("what heal never does", () => {
  it("deletes or gives up a blob with fewer than k good shards: it is reported and kept in the queue", async () => {
    const blob = await rig.put("k", LARGE);
    const saved = rig.shard(blob, 3) as Uint8Array;
    for (const shard of [0, 3, 5]) {
      rig.lose(blob, shard);
      await rig.note(blob.id, shard);
    }
    expect((await rig.blob(blob.id)).spare_shards).toBe(-1);
    const before = rig.stored();
    expect(await runJob(heal, rig.store())).toMatchObject({ lostBlobs: 1, healedBlobs: 0, rebuiltShards: 0 });
    expect(rig.stored()).toEqual(before);
    for (let day = 0; day < 3; day++) {
      await rig.clock.advance(DAY_MS);
      expect(await runJob(heal, rig.store())).toMatchObject({ lostBlobs: 1 });
    }
    // Somebody brings one shard back: it is enough.
    const place = blob.shards[3] as [string, string];
    rig.drive(place[0]).shards.set(place[1], saved);
    await rig.clock.advance(DAY_MS);
    expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: 1, rebuiltShards: 2, fineShards: 1 });
    await rig.expectBytes("k", LARGE);
    await rig.expectAllShardsGood();
  });

  it("finds a blob lost that turns out to lack more than was noted", { tags: ["slow"] }, async () => {
    const blob = await rig.put("k", LARGE);
    for (const shard of [0, 1, 2]) rig.lose(blob, shard);
    await rig.note(blob.id, 0);
    expect(await runJob(heal, rig.store())).toMatchObject({ lostBlobs: 1 });
    expect((await rig.damage()).map(({ shard }) => shard)).toEqual([0, 1, 2]);
    expect((await rig.blob(blob.id)).spare_shards).toBe(-1);
  });

  it("puts two shards of a blob on one drive", async () => {
    rig.rig.drives.splice(6);
    const blob = await rig.put("k", LARGE);
    const [drive] = blob.shards[0] as [string, string];
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    rig.plan = (call) => (call.drive === drive && call.kind === "close" ? { kind: "fail", fault: "full" } : null);
    expect(await runJob(heal, rig.store())).toMatchObject({ waitingBlobs: 1, rebuiltShards: 0 });
    rig.plan = () => null;
    await rig.clock.advance(HOUR_MS);
    expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: 1 });
    await rig.expectAllShardsGood();
  });

  it("brings back what was deleted while it worked", async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    let raced = false;
    const racing = rig.store();
    const { record } = racing.metadata.healing;
    racing.metadata.healing.record = async (...args) => {
      raced = true;
      await deleteObject(rig.store(), { bucket: rig.bucket, key: "k" });
      await rig.clock.advance(2 * DAY_MS);
      await runJob(collect, rig.store());
      return record.apply(racing.metadata.healing, args);
    };
    await runJob(heal, racing);
    expect(raced).toBe(true);
    expect(await rig.blobs()).toEqual([]);
    expect(await rig.damage()).toEqual([]);
    const gone = await openObject(rig.store(), { bucket: rig.bucket, key: "k" }).catch((error: unknown) => error);
    expect((gone as StoreError).failure.kind).toBe("no-such-key");
  });

  it("overwrites what another healer has done meanwhile", async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    const racing = rig.store();
    const { record } = racing.metadata.healing;
    racing.metadata.healing.record = async (...args) => {
      // Its claim has run out, say: another one takes the blob and is through first.
      await rig.clock.advance(2 * MINUTE_MS);
      expect(await runJob(heal, rig.store())).toMatchObject({ healedBlobs: 1 });
      return record.apply(racing.metadata.healing, args);
    };
    const before = await rig.blob(blob.id);
    expect(await runJob(heal, racing)).toMatchObject({ healedBlobs: 0, rebuiltShards: 0 });
    const healed = await rig.blob(blob.id);
    expect(healed.shards[0]).not.toEqual(before.shards[0]);
    await rig.expectAllShardsGood();
    await rig.expectBytes("k", LARGE);
  });

  it("records a shard that took so long to write that the walk may have deleted it", async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    let slow = true;
    const store = rig.store();
    const { acquire } = store.engine;
    store.engine.acquire = async () => {
      if (slow) await rig.clock.advance(WRITE_SECONDS_MAX * 1000 + 1);
      slow = false;
      return acquire.call(store.engine);
    };
    expect(await runJob(heal, store)).toMatchObject({ rebuiltShards: 0, waitingBlobs: 1 });
    expect((await rig.blob(blob.id)).shards).toEqual(blob.shards);
    expect(await runJob(heal, store)).toMatchObject({ healedBlobs: 1 });
    await rig.expectAllShardsGood();
  });

  it("records bytes that are not the blob's, though every frame verifies", async () => {
    const blob = await rig.put("k", LARGE);
    rig.lose(blob, 0);
    await rig.note(blob.id, 0);
    await rig.rows("UPDATE blobs SET crc64nvme = '0123456789abcdef'");
    await expect(runJob(heal, rig.store())).rejects.toThrow("another CRC");
    expect((await rig.blob(blob.id)).shards).toEqual(blob.shards);
    expect(rig.stored().size).toBe(5);
  });
});
