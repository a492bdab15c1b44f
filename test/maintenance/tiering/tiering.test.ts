import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pack } from "../../../src/maintenance/collect/pack.ts";
import { encrypt } from "../../../src/maintenance/encrypt/encrypt.ts";
import { tiering } from "../../../src/maintenance/tiering/tiering.ts";
import { noSealing } from "../../../src/sealing/sealing.ts";
import { createBucket, deleteBucket } from "../../../src/store/buckets/buckets.ts";
import { removeNamed, setNamed } from "../../../src/store/buckets/named-configurations.ts";
import { deleteObject } from "../../../src/store/delete/delete.ts";
import { AccessLog } from "../../../src/store/read/accesses.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import type { TieringConfiguration } from "../../../src/store/tiers/access-tiers.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const bucket = "tiers";
const ENDLESS = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
/** A "day" of ten seconds. */
const DAY_MS = 10_000;
const bytes = pattern(130 * 1024, 3);
const CONFIGURATION: TieringConfiguration = {
  id: "all",
  isEnabled: true,
  filter: { prefix: "cold/", tags: [], isAnd: false },
  tierings: [
    { tier: "ARCHIVE_ACCESS", days: 90 },
    { tier: "DEEP_ARCHIVE_ACCESS", days: 180 },
  ],
};

let clock: ManualClock;
let rig: TestStore;
let accesses: AccessLog;
let store: TestStore["store"];
beforeEach(async () => {
  clock = new ManualClock();
  const settings = {
    lifecycleDaySeconds: 10,
    graceSeconds: 10,
    smallBytesMax: 4096,
    storageClasses: {
      STANDARD: { k: 2, m: 1, drives: ["drive-1", "drive-2", "drive-3"] },
      GLACIER_IR: { k: 2, m: 1, drives: ["drive-4", "drive-5", "drive-6"] },
      DEEP_ARCHIVE: { k: 4, m: 2 },
    },
  };
  rig = await openTestStore({ clock, settings });
  accesses = new AccessLog({ clock, settings: rig.store.settings, databases: [rig.store.metadata], tell: () => {} });
  store = { ...rig.store, accesses };
  await createBucket(store, { name: bucket, owner: "o", region: "us-east-1" });
});
afterEach(() => rig.dispose());

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

const tiersOf = () =>
  rows("SELECT key, storage_class AS class, attributes ->> '$.tier' AS tier FROM objects ORDER BY key");

let cursor: unknown = null;
async function runDays(days: number) {
  await clock.advance(days * DAY_MS);
  const result = await tiering.run(store, ENDLESS, cursor);
  cursor = result.cursor;
  return result.report;
}

async function readWhole(key: string, of = bucket): Promise<Buffer> {
  const { head, read } = await openObject(store, { bucket: of, key });
  return Buffer.from(await readAll(await read({ offset: 0, length: head.sizeBytes })));
}

async function writeNotes(): Promise<void> {
  await clock.advance(60_000);
  expect(accesses.isDue).toBe(true);
  await accesses.write();
}

async function putAll(): Promise<void> {
  const storageClass = "INTELLIGENT_TIERING";
  for (const key of ["cold/a", "cold/b", "warm/c"]) {
    await putObject(store, { ...put(bucket, key, bytes), storageClass });
  }
  await putObject(store, { ...put(bucket, "cold/small", bytes.slice(0, 127 * 1024)), storageClass });
  await putObject(store, put(bucket, "cold/standard", bytes));
}

describe("the tiering job", () => {
  beforeEach(async () => {
    cursor = null;
    await putAll();
  });

  it("moves objects of the class by their last access, deeper and back, and no others", {
    tags: ["slow"],
  }, async () => {
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: CONFIGURATION });
    const IT = "INTELLIGENT_TIERING";
    const others = [
      { key: "cold/small", class: IT, tier: null },
      { key: "cold/standard", class: "STANDARD", tier: null },
      { key: "warm/c", class: IT, tier: null },
    ];
    const stateOf = (a: string | null, b: string | null) => [
      { key: "cold/a", class: IT, tier: a },
      { key: "cold/b", class: IT, tier: b },
      ...others,
    ];
    const modified = await rows("SELECT modified_ms, etag, id FROM objects ORDER BY key");
    expect(await runDays(89)).toMatchObject({ movedObjects: 0 });
    await readWhole("cold/b");
    await writeNotes();
    expect(await runDays(1)).toMatchObject({ movedObjects: 1 });
    expect(await tiersOf()).toEqual(stateOf("ARCHIVE_ACCESS", null));
    expect(await runDays(90)).toMatchObject({ movedObjects: 2 });
    expect(await tiersOf()).toEqual(stateOf("DEEP_ARCHIVE_ACCESS", "ARCHIVE_ACCESS"));
    expect(Buffer.compare(await readWhole("cold/a"), bytes)).toBe(0);
    await writeNotes();
    expect(await runDays(1)).toMatchObject({ movedObjects: 1, failedMoves: 0 });
    expect(await tiersOf()).toEqual(stateOf(null, "ARCHIVE_ACCESS"));
    expect(await rows("SELECT modified_ms, etag, id FROM objects ORDER BY key")).toEqual(modified);
    for (const key of ["cold/a", "cold/b", "warm/c"]) expect(Buffer.compare(await readWhole(key), bytes)).toBe(0);
  });

  it("passes over a version that fails, counts it, and comes back to it", { tags: ["slow"] }, async () => {
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: CONFIGURATION });
    await runDays(1);
    const { tiers } = store.metadata;
    const find = tiers.find.bind(tiers);
    tiers.find = async (table, place) => {
      if (place.key === "cold/a") throw new TypeError("no such kind");
      return find(table, place);
    };
    await clock.advance(90 * DAY_MS);
    const result = await tiering.run(store, ENDLESS, cursor);
    expect(result).toMatchObject({ report: { movedObjects: 1, failedMoves: 1 }, cursor: { at: null } });
    expect(result.failures).toHaveLength(1);
    tiers.find = find;
    cursor = result.cursor;
    expect(await runDays(1)).toMatchObject({ movedObjects: 1, failedMoves: 0 });
  });

  it("has its tier's drives still when objects are encrypted, or written as one blob", { tags: ["slow"] }, async () => {
    const plain = { ...store, sealing: noSealing };
    await putObject(plain, { ...put(bucket, "cold/plain", bytes), storageClass: "INTELLIGENT_TIERING" });
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: CONFIGURATION });
    await runDays(1);
    expect(await runDays(90)).toMatchObject({ movedObjects: 3 });
    const drivesOf = async (key: string) => {
      const found = await rows<{ shards: string }>(
        `SELECT b.shards FROM objects o, json_each(o.extents) e JOIN blobs b ON b.id = e.value ->> 2 WHERE o.key = '${key}'`,
      );
      return found.flatMap(({ shards }) => (JSON.parse(shards) as [string][]).map(([drive]) => drive)).sort();
    };
    const cold = ["drive-4", "drive-5", "drive-6"];
    expect(await drivesOf("cold/plain")).toEqual(cold);
    // As ten parts would be.
    const [row] = await rows<{ blobId: string; id: string }>(
      "SELECT extents ->> '$[0][2]' AS blobId, id FROM objects WHERE key = 'cold/plain'",
    );
    const split = Array.from({ length: 10 }, (_, n) => [n * 13_312, 13_312, row?.blobId, n * 13_312, row?.id]);
    await rig.d1.batch([
      rig.d1.prepare("UPDATE objects SET extents = ?1 WHERE key = 'cold/plain'").bind(JSON.stringify(split)),
    ]);
    await clock.advance(DAY_MS);
    const packed = { ...plain, settings: { ...store.settings, packAgeSeconds: 0 } };
    expect((await pack.run(packed, ENDLESS, null)).report).toMatchObject({ compactedObjects: 1 });
    expect(await drivesOf("cold/plain")).toEqual(cold);
    const { id } = (await store.metadata.buckets.find(bucket)) as { id: number };
    await store.metadata.encrypting.start(id, "run", clock.now());
    const { report } = await encrypt.run(store, ENDLESS, null);
    expect(report).toMatchObject({ versionsEncrypted: 1 });
    expect(await drivesOf("cold/plain")).toEqual(cold);
    expect(Buffer.compare(await readWhole("cold/plain"), bytes)).toBe(0);
  });

  it("does nothing in buckets that do not ask, or while the configuration is disabled, and notes no access there", async () => {
    expect(await runDays(400)).toMatchObject({ movedObjects: 0 });
    await readWhole("cold/a");
    await writeNotes();
    expect(await rows("SELECT * FROM accesses")).toEqual([]);
    const disabled = { ...CONFIGURATION, isEnabled: false };
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: disabled });
    expect(await runDays(400)).toMatchObject({ movedObjects: 0 });
  });

  it("counts days without access from the first configuration, because nobody noted earlier ones", async () => {
    expect(await runDays(300)).toMatchObject({ movedObjects: 0 });
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: CONFIGURATION });
    expect(await runDays(89)).toMatchObject({ movedObjects: 0 });
    expect(await runDays(2)).toMatchObject({ movedObjects: 2 });
  });

  it("does not trust notes from before the first configuration", async () => {
    const day = Math.floor(clock.now() / DAY_MS);
    await rows(`INSERT INTO accesses SELECT bucket_id, id, ${day} FROM objects`);
    await clock.advance(300 * DAY_MS);
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: CONFIGURATION });
    expect(await runDays(89)).toMatchObject({ movedObjects: 0 });
    expect(await runDays(2)).toMatchObject({ movedObjects: 2 });
  });

  it("forgets all accesses of a bucket whose last configuration is gone, and keeps the others'", async () => {
    const value = CONFIGURATION;
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value });
    await createBucket(store, { name: "other", owner: "o", region: "us-east-1" });
    await putObject(store, { ...put("other", "key", bytes), storageClass: "INTELLIGENT_TIERING" });
    await setNamed(store, "other", { kind: "intelligent-tiering", id: "all", value });
    await readWhole("cold/a");
    await readWhole("key", "other");
    await writeNotes();
    expect(await rows("SELECT count(*) AS n FROM accesses")).toEqual([{ n: 2 }]);
    await removeNamed(store, bucket, { kind: "intelligent-tiering", id: "all" });
    const numbers = `WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 1100)`;
    await rows(
      `${numbers} INSERT INTO accesses SELECT b.id, 'of-a-batch-' || n, 1 FROM n JOIN buckets b ON b.name = '${bucket}'`,
    );
    await runDays(1);
    const kept = "SELECT b.name FROM accesses a JOIN buckets b ON b.id = a.bucket_id";
    expect(await rows(kept)).toEqual([{ name: "other" }]);
    await deleteObject(store, { bucket: "other", key: "key" });
    await deleteBucket(store, "other");
    expect(await rows("SELECT * FROM named_configurations")).toEqual([]);
    await runDays(1);
    expect(await rows("SELECT * FROM accesses")).toEqual([]);
  });

  it("notes each object once a day, in one row, and forgets it with the object", async () => {
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: CONFIGURATION });
    for (let n = 0; n < 3; n++) await readWhole("cold/a");
    await readWhole("cold/standard");
    rig.takeCost();
    await writeNotes();
    expect(rig.takeCost().roundTrips).toBe(1);
    await readWhole("cold/a");
    await writeNotes();
    expect(await rows("SELECT count(*) AS n FROM accesses")).toEqual([{ n: 1 }]);
    await deleteObject(store, { bucket, key: "cold/a" });
    await runDays(1);
    expect(await rows("SELECT count(*) AS n FROM accesses")).toEqual([{ n: 0 }]);
  });

  it("goes on where its time was over", async () => {
    await setNamed(store, bucket, { kind: "intelligent-tiering", id: "all", value: CONFIGURATION });
    await clock.advance(100 * DAY_MS);
    let asked = 0;
    const short = { untilMs: 0, isSpent: () => ++asked % 4 === 0 };
    let moved = 0;
    for (let runs = 0; runs < 30; runs++) {
      const result = await tiering.run(store, short, cursor);
      cursor = result.cursor;
      moved += result.report.movedObjects ?? 0;
    }
    expect(moved).toBe(2);
  });
});
