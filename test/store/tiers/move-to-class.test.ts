import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decorate, decorateWriter } from "../../../src/drives/decorate.ts";
import { collect } from "../../../src/maintenance/collect/collect.ts";
import { pack } from "../../../src/maintenance/collect/pack.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import { setNotifications } from "../../../src/store/buckets/notifications.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import type { EncryptionRequest } from "../../../src/store/sealed/encryption.ts";
import type { VersionToMove } from "../../../src/store/tiers/class-move.ts";
import { moveToClass, moveToTier } from "../../../src/store/tiers/move-to-class.ts";
import { copyObject } from "../../../src/store/write/copy.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { testDataKeys } from "../../support/data-keys.ts";
import { withFaults } from "../../support/faulty.ts";
import { forgeFrame } from "../../support/forge-frame.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed } from "../../support/sealing.ts";
import { buildStore, openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const bucket = "tiers";
const ENDLESS = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
const HOT = ["drive-1", "drive-2", "drive-3", "drive-4", "drive-5", "drive-6"];
const COLD = ["drive-7", "drive-8", "drive-9", "drive-10"];
const settings = {
  inlineBytesMax: 512,
  smallBytesMax: 4096,
  packAgeSeconds: 0,
  graceSeconds: 10,
  storageClasses: {
    STANDARD: { k: 4, m: 2, drives: HOT },
    STANDARD_IA: { k: 8, m: 2 },
    ONEZONE_IA: { k: 4, m: 2, drives: ["drive-1", "drive-2", "drive-3", "drive-4", "drive-5", "drive-6"] },
    GLACIER_IR: { k: 2, m: 1, drives: COLD },
    // Of five copies, 3.75 MiB fit into the memory for a blob.
    DEEP_ARCHIVE: { k: 1, m: 4, drives: HOT },
  },
};
const customer = { bytes: new Uint8Array(32).fill(7), md5: "md5" };
const SSE_C: EncryptionRequest = { form: "SSE-C", key: customer };
const FORMS: (EncryptionRequest | undefined)[] = [
  undefined,
  { form: "AES256" },
  { form: "aws:kms", keyId: null, context: {}, bucketKey: null },
  { form: "aws:kms:dsse", keyId: null, context: {}, bucketKey: null },
  SSE_C,
];

let clock: ManualClock;
let rig: TestStore;
beforeEach(async () => {
  clock = new ManualClock();
  rig = await openTestStore({
    clock,
    driveCount: 10,
    settings: { ...settings, blockCustomerKeys: false },
    sealing: { ...sealed, byDefault: false, dataKeys: testDataKeys() },
  });
  await createBucket(rig.store, { name: bucket, owner: "o", region: "us-east-1" });
});
afterEach(() => rig.dispose());

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

async function versionOf(key: string): Promise<VersionToMove> {
  const [row] = await rows<{ bucketId: number; key: string; seq: number; id: string; storageClass: string }>(
    `SELECT bucket_id AS bucketId, key, seq, id, storage_class AS storageClass FROM objects WHERE key = '${key}'`,
  );
  const { bucketId, seq, id, storageClass } = row as NonNullable<typeof row>;
  return { table: "objects", place: { bucketId, key, seq }, id, storageClass };
}

async function read(key: string, range?: { offset: number; length: number }, isCustomers = false): Promise<Buffer> {
  const { head, read: open } = await openObject(rig.store, {
    bucket,
    key,
    ...(isCustomers ? { customerKey: customer } : {}),
  });
  return Buffer.from(await readAll(await open(range ?? { offset: 0, length: head.sizeBytes })));
}

/** Names of the drives that hold shards of what the key names. */
async function drivesOf(key: string): Promise<string[]> {
  const found = await rows<{ shards: string }>(
    `SELECT b.shards FROM objects o, json_each(o.extents) e JOIN blobs b ON b.id = e.value ->> 2 WHERE o.key = '${key}'`,
  );
  return [
    ...new Set(found.flatMap(({ shards }) => (JSON.parse(shards) as [string, string][]).map(([drive]) => drive))),
  ];
}

describe("moveToClass", () => {
  for (const encryption of FORMS) {
    const form = encryption?.form ?? "plain";
    const isCustomers = form === "SSE-C";
    // Nothing, in the row, small, and several stripes of one blob.
    for (const sizeBytes of [0, 300, 3000, 70_001]) {
      it(`moves ${sizeBytes} bytes, ${form}, and back, and drops what it held after the grace time`, async () => {
        const bytes = pattern(sizeBytes, 5);
        await putObject(rig.store, { ...put(bucket, "key", bytes), ...(encryption ? { encryption } : {}) });
        const before = await rows("SELECT id, etag, modified_ms, seq FROM objects");
        for (const [storageClass, home] of [
          ["GLACIER_IR", COLD],
          ["STANDARD_IA", [...HOT, ...COLD]],
          ["STANDARD", HOT],
        ] as const) {
          await clock.advance(60_000);
          const moved = await moveToClass(rig.store, await versionOf("key"), storageClass);
          expect(moved).toMatchObject({ kind: "moved" });
          expect(Buffer.compare(await read("key", undefined, isCustomers), bytes)).toBe(0);
          if (sizeBytes > 70_000) {
            const range = { offset: 65_000, length: 4_000 };
            expect(Buffer.compare(await read("key", range, isCustomers), bytes.slice(65_000, 69_000))).toBe(0);
          }
          for (const drive of await drivesOf("key")) expect(home).toContain(drive);
          expect(await rows("SELECT id, etag, modified_ms, seq FROM objects")).toEqual(before);
          expect(await rows("SELECT storage_class AS c FROM objects")).toEqual([{ c: storageClass }]);
          await clock.advance(60_000);
          await collect.run(rig.store, ENDLESS, null);
          expect(Buffer.compare(await read("key", undefined, isCustomers), bytes)).toBe(0);
          const [blobs] = await rows<{ n: number }>("SELECT count(*) AS n FROM blobs");
          const [refs] = await rows<{ n: number }>("SELECT count(*) AS n FROM blob_refs");
          expect(blobs).toEqual({ n: sizeBytes > 512 ? 1 : 0 });
          expect(refs).toEqual(blobs);
        }
        const files = rig.drives.reduce((sum, drive) => sum + drive.shards.size, 0);
        const [named] = await rows<{ n: number }>("SELECT coalesce(sum(json_array_length(shards)), 0) AS n FROM blobs");
        expect(files).toBe(named?.n);
      });
    }
  }

  it("changes only the row where the class has the same geometry and drives", async () => {
    await putObject(rig.store, put(bucket, "key", pattern(70_000, 1)));
    const before = await rows("SELECT extents FROM objects");
    expect(await moveToClass(rig.store, await versionOf("key"), "ONEZONE_IA")).toEqual({ kind: "moved", bytes: 0 });
    expect(await rows("SELECT extents FROM objects")).toEqual(before);
    expect(await moveToClass(rig.store, await versionOf("key"), "ONEZONE_IA")).toEqual({ kind: "unchanged" });
  });

  it("tells listeners of the new class, and of archive tiers, not of a return from them", async () => {
    await setNotifications(rig.store, bucket, { rules: [], eventBridge: false });
    await putObject(rig.store, { ...put(bucket, "key", pattern(5)), storageClass: "STANDARD" });
    await moveToClass(rig.store, await versionOf("key"), "INTELLIGENT_TIERING");
    const archive = { tier: "ARCHIVE_ACCESS", laidAs: "GLACIER_IR" };
    await moveToTier(rig.store, await versionOf("key"), archive);
    await moveToTier(rig.store, await versionOf("key"), { tier: null, laidAs: "STANDARD" });
    const { news } = await rig.store.metadata.outbox.oldest(10);
    expect(news.map(({ event, detail }) => [event, detail])).toEqual([
      ["ObjectCreated:Put", null],
      ["LifecycleTransition", { storageClass: "INTELLIGENT_TIERING" }],
      ["IntelligentTiering", { accessTier: "ARCHIVE_ACCESS" }],
    ]);
  });

  it("takes objects out of packs, encrypted ones with their tails, and packs them again in their new class", async () => {
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
    const formOf = (n: number) => FORMS[n % FORMS.length];
    for (const [n, key] of keys.entries()) {
      const encryption = formOf(n);
      await putObject(rig.store, { ...put(bucket, key, pattern(100 + n, n)), ...(encryption ? { encryption } : {}) });
    }
    await clock.advance(60_000);
    await pack.run(rig.store, ENDLESS, null);
    expect((await drivesOf("k0")).every((drive) => HOT.includes(drive))).toBe(true);
    for (const key of keys) {
      expect(await moveToClass(rig.store, await versionOf(key), "GLACIER_IR")).toMatchObject({ kind: "moved" });
    }
    const expectAll = async () => {
      for (const [n, key] of keys.entries()) {
        expect(Buffer.compare(await read(key, undefined, formOf(n)?.form === "SSE-C"), pattern(100 + n, n))).toBe(0);
      }
    };
    await expectAll();
    await pack.run(rig.store, ENDLESS, null);
    await clock.advance(60_000);
    await collect.run(rig.store, ENDLESS, null);
    await expectAll();
    expect((await drivesOf("k0")).every((drive) => COLD.includes(drive))).toBe(true);
    expect(rig.drives.filter(({ name, shards }) => HOT.includes(name) && shards.size > 0)).toEqual([]);
  });

  it("leaves a version that was replaced, or has another class than was seen", async () => {
    await putObject(rig.store, put(bucket, "key", pattern(70_000, 1)));
    const seen = await versionOf("key");
    await putObject(rig.store, put(bucket, "key", pattern(70_000, 2)));
    expect(await moveToClass(rig.store, seen, "GLACIER_IR")).toEqual({ kind: "changed" });
    const now = await versionOf("key");
    expect(await moveToClass(rig.store, { ...now, storageClass: "STANDARD_IA" }, "GLACIER_IR")).toEqual({
      kind: "changed",
    });
  });

  it("is refused by the commit if the version is replaced while its bytes are copied", async () => {
    await putObject(rig.store, put(bucket, "key", pattern(70_000, 1)));
    const seen = await versionOf("key");
    let raced = false;
    const racing = buildStore({
      ...{ drives: rig.drives, engine: rig.store.engine, d1: rig.d1, clock, settings },
      decorateDrive: (drive) =>
        decorate(drive, {
          put: (key, sizeBytes) => {
            const writer = drive.put(key, sizeBytes);
            return decorateWriter(writer, {
              close: async () => {
                if (!raced) {
                  raced = true;
                  await putObject(rig.store, put(bucket, "key", pattern(70_000, 2)));
                }
                await writer.close();
              },
            });
          },
        }),
    });
    expect(await moveToClass(racing, seen, "GLACIER_IR")).toEqual({ kind: "changed" });
    expect(Buffer.compare(await read("key"), pattern(70_000, 2))).toBe(0);
    expect(await rows("SELECT storage_class AS c FROM objects")).toEqual([{ c: "STANDARD" }]);
  });

  it("moves what lies on a drive that is lost in mid-transition, and says so if the new drives are", async () => {
    const bytes = pattern(3_000_000, 1);
    await putObject(rig.store, put(bucket, "key", bytes));
    const lose = (lost: readonly string[], after: number) => {
      let calls = 0;
      return buildStore({
        ...{ drives: rig.drives, engine: rig.store.engine, d1: rig.d1, clock, settings },
        decorateDrive: (drive) =>
          withFaults(drive, () =>
            lost.includes(drive.name) && calls++ >= after ? { kind: "fail", fault: "unreachable" } : null,
          ),
      });
    };
    for (const after of [0, 1, 3, 7]) {
      const failed = await moveToClass(
        lose(["drive-7", "drive-8", "drive-9"], after),
        await versionOf("key"),
        "GLACIER_IR",
      );
      expect(failed).toMatchObject({ kind: "failed", failure: { kind: "drives-unavailable" } });
      expect(Buffer.compare(await read("key"), bytes)).toBe(0);
      expect(await rows("SELECT storage_class AS c FROM objects")).toEqual([{ c: "STANDARD" }]);
    }
    const moved = await moveToClass(lose(["drive-1", "drive-4"], 1), await versionOf("key"), "GLACIER_IR");
    expect(moved).toMatchObject({ kind: "moved" });
    expect(Buffer.compare(await read("key"), bytes)).toBe(0);
  });

  it("goes on with what is left when its time is over in between", async () => {
    await putObject(rig.store, put(bucket, "one", pattern(70_000, 1)));
    await putObject(rig.store, put(bucket, "two", pattern(90_000, 2)));
    await rig.d1.batch([
      rig.d1.prepare(`UPDATE objects SET size_bytes = 160000, extents = (SELECT json_group_array(json(j)) FROM (
        SELECT json(e.value) AS j FROM objects o, json_each(o.extents) e WHERE o.key = 'one'
        UNION ALL SELECT json_array(70000 + (e.value ->> 0), e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4)
          FROM objects o, json_each(o.extents) e WHERE o.key = 'two')) WHERE key = 'one'`),
      rig.d1.prepare("DELETE FROM objects WHERE key = 'two'"),
    ]);
    const bytes = Buffer.concat([pattern(70_000, 1), pattern(90_000, 2)]);
    const limits = { isSpent: () => true };
    expect(await moveToClass(rig.store, await versionOf("one"), "GLACIER_IR", limits)).toMatchObject({
      kind: "in-part",
    });
    expect(Buffer.compare(await read("one"), bytes)).toBe(0);
    expect(await rows("SELECT storage_class AS c FROM objects")).toEqual([{ c: "STANDARD" }]);
    await clock.advance(60_000);
    await collect.run(rig.store, ENDLESS, null);
    expect(Buffer.compare(await read("one"), bytes)).toBe(0);
    expect(await moveToClass(rig.store, await versionOf("one"), "GLACIER_IR", limits)).toMatchObject({ kind: "moved" });
    expect(Buffer.compare(await read("one"), bytes)).toBe(0);
    for (const drive of await drivesOf("one")) expect(COLD).toContain(drive);
  });

  for (const encryption of [undefined, { form: "AES256" }, FORMS[3]] as typeof FORMS) {
    it(`moves one large blob in several calls, ${encryption?.form ?? "plain"}`, { tags: ["slow"] }, async () => {
      const bytes = pattern(9_000_000, 4);
      await putObject(rig.store, { ...put(bucket, "key", bytes), ...(encryption ? { encryption } : {}) });
      const limits = { isSpent: () => true };
      const kinds: string[] = [];
      const counts: number[] = [];
      for (let calls = 0; calls < 3; calls++) {
        const moved = await moveToClass(rig.store, await versionOf("key"), "DEEP_ARCHIVE", limits);
        kinds.push(moved.kind);
        await clock.advance(60_000);
        await collect.run(rig.store, ENDLESS, null);
        expect(Buffer.compare(await read("key"), bytes)).toBe(0);
        expect(await read("key", { offset: 3_900_000, length: 90_000 })).toEqual(
          Buffer.from(bytes.slice(3_900_000, 3_990_000)),
        );
        const [row] = await rows<{ n: number }>("SELECT count(*) AS n FROM blobs");
        counts.push(row?.n ?? 0);
      }
      expect(kinds).toEqual(["in-part", "in-part", "moved"]);
      expect(counts).toEqual([2, 3, 3]);
      expect(await rows("SELECT count(*) AS n FROM blob_refs")).toEqual([{ n: 3 }]);
      expect(await rows("SELECT storage_class AS c FROM objects")).toEqual([{ c: "DEEP_ARCHIVE" }]);
    });
  }

  it("copies a large blob whole, and not from the shard that lies, though its time is over", {
    tags: ["slow"],
  }, async () => {
    const bytes = pattern(9_000_000, 4);
    await putObject(rig.store, put(bucket, "key", bytes));
    const [blob] = await rows<{ shards: string }>("SELECT shards FROM blobs");
    const [name, file] = (JSON.parse(blob?.shards ?? "[]") as [string, string][])[1] as [string, string];
    const shards = rig.drives.find((drive) => drive.name === name)?.shards as Map<string, Uint8Array>;
    // Found by the CRC of all the bytes alone.
    shards.set(file, forgeFrame(rig.store.engine, shards.get(file) as Uint8Array));
    const moved = await moveToClass(rig.store, await versionOf("key"), "DEEP_ARCHIVE", { isSpent: () => true });
    expect(moved).toMatchObject({ kind: "moved" });
    expect(Buffer.compare(await read("key"), bytes)).toBe(0);
  });

  it("copies nothing of what would have too many extents, or too long ones", { tags: ["slow"] }, async () => {
    await putObject(rig.store, put(bucket, "key", pattern(9_000_000, 4)));
    const [before] = await rows<{ extents: string; parts: string | null }>("SELECT extents, parts FROM objects");
    const [whole] = JSON.parse(before?.extents ?? "[]") as [[number, number, string, number, string]];
    const set = (extents: unknown[], parts: string | null) =>
      rig.d1.batch([
        rig.d1.prepare("UPDATE objects SET extents = ?1, parts = ?2").bind(JSON.stringify(extents), parts),
      ]);
    const files = () => rig.drives.reduce((sum, drive) => sum + drive.shards.size, 0);
    const written = files();
    const split = Array.from({ length: 10_000 }, (_, at) => [at * 900, 900, whole[2], at * 900, whole[4]]);
    const refused = { kind: "failed", failure: { kind: "too-many-extents" } };
    await set(split, null);
    expect(await moveToClass(rig.store, await versionOf("key"), "DEEP_ARCHIVE")).toMatchObject(refused);
    await set([whole], JSON.stringify("p".repeat(1_989_950)));
    expect(await moveToClass(rig.store, await versionOf("key"), "DEEP_ARCHIVE")).toMatchObject(refused);
    expect(files()).toBe(written);
    await set([whole], before?.parts ?? null);
    expect(await moveToClass(rig.store, await versionOf("key"), "DEEP_ARCHIVE")).toMatchObject({ kind: "moved" });
  });

  it("copies a part of a blob that is larger than a new one", { tags: ["slow"] }, async () => {
    await putObject(rig.store, put(bucket, "key", pattern(8_300_000, 4)));
    const [row] = await rows<{ extents: string }>("SELECT extents FROM objects");
    const [[, , blobId, , referent]] = JSON.parse(row?.extents ?? "[]") as [[number, number, string, number, string]];
    const extents = JSON.stringify([[0, 4_100_000, blobId, 1000, referent]]);
    await rig.d1.batch([rig.d1.prepare("UPDATE objects SET size_bytes = 4100000, extents = ?1").bind(extents)]);
    expect(await moveToClass(rig.store, await versionOf("key"), "DEEP_ARCHIVE")).toMatchObject({ kind: "moved" });
    expect(Buffer.compare(await read("key"), pattern(8_300_000, 4).slice(1000, 4_101_000))).toBe(0);
  });

  it("is not undone by a pack that was begun before", async () => {
    for (let at = 0; at < 20; at++) await putObject(rig.store, put(bucket, `k${at}`, pattern(100, at)));
    await clock.advance(60_000);
    const { packing } = rig.store.metadata;
    const move = packing.move.bind(packing);
    packing.move = async (...args) => {
      expect(await moveToClass(rig.store, await versionOf("k3"), "GLACIER_IR")).toEqual({ kind: "moved", bytes: 0 });
      return move(...args);
    };
    expect((await pack.run(rig.store, ENDLESS, null)).report).toMatchObject({ packedObjects: 19 });
    expect(await rows("SELECT key, inline_body IS NULL AS packed FROM objects WHERE key IN ('k3', 'k4')")).toEqual([
      { key: "k3", packed: 0 },
      { key: "k4", packed: 1 },
    ]);
  });

  it("is what CopyObject onto itself does with another class, as a new version", async () => {
    const bytes = pattern(70_000, 1);
    await putObject(rig.store, put(bucket, "key", bytes));
    const source = { bucket, key: "key" };
    const copy = { ...source, source, check: () => {}, attributes: "copy" as const, storageClass: "GLACIER_IR" };
    await copyObject(rig.store, copy);
    expect(Buffer.compare(await read("key"), bytes)).toBe(0);
    for (const drive of await drivesOf("key")) expect(COLD).toContain(drive);
  });
});
