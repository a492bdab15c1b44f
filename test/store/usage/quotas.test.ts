import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setAccountQuota, sharesOf } from "../../../src/maintenance/usage/divide-quotas.ts";
import { usage } from "../../../src/maintenance/usage/usage.ts";
import type { Quota } from "../../../src/metadata/usage/quotas.ts";
import { createBucket, deleteBucket, setVersioning } from "../../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../../src/store/delete/delete.ts";
import { completeUpload } from "../../../src/store/multipart/complete-upload.ts";
import { uploadPart } from "../../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../../src/store/multipart/uploads.ts";
import { appendObject } from "../../../src/store/write/append.ts";
import { copyObject } from "../../../src/store/write/copy.ts";
import { renameObject } from "../../../src/store/write/rename.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { DatabasesRig } from "../../support/databases.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, type TestStore } from "../../support/store.ts";

const NONE: Quota = { bytesMax: null, objectsMax: null, bytesSoft: null, objectsSoft: null };
const bucket = "limited";
const of = (kind: "bucket" | "account") => ({ failure: { kind: "quota-exceeded", of: kind, bucket } });
const budget = { untilMs: Number.MAX_SAFE_INTEGER, isSpent: () => false };
let test: TestStore;
let told: string[];

beforeEach(async () => {
  told = [];
  const opened = await openTestStore({ settings: { partBytesMin: 1 } });
  test = { ...opened, store: { ...opened.store, tell: (line) => told.push(line) } };
  for (const name of [bucket, "other"]) await createBucket(test.store, { name, owner: "root", region: "us-east-1" });
});
afterEach(() => test.dispose());

const limit = (quota: Partial<Quota>) => test.store.metadata.quotas.setOfBucket(bucket, { ...NONE, ...quota });
const write = (key: string, bytes: number, name = bucket) => putObject(test.store, put(name, key, pattern(bytes)));
const used = async (name = bucket) => (await test.store.metadata.usage.ofBucket(name))?.bytes;

describe("a hard quota of bytes", () => {
  it("takes a write up to the last byte, and none beyond", async () => {
    await limit({ bytesMax: 100 });
    await write("a", 60);
    await write("b", 40);
    await expect(write("c", 1)).rejects.toMatchObject(of("bucket"));
    await write("empty", 0);
    expect(await used()).toBe(100);
  });

  it("counts what a write replaces", async () => {
    await limit({ bytesMax: 100 });
    await write("a", 100);
    await write("a", 99);
    await expect(write("a", 101)).rejects.toMatchObject(of("bucket"));
    expect(await used()).toBe(99);
    await setVersioning(test.store, bucket, "enabled");
    await expect(write("a", 2)).rejects.toMatchObject(of("bucket"));
  });

  it("is not passed by writers side by side", async () => {
    await limit({ bytesMax: 1_000 });
    const outcomes = await Promise.allSettled(Array.from({ length: 25 }, (_, index) => write(`k${index}`, 90)));
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(11);
    expect(await used()).toBe(990);
  });

  it("limits copies, appends, completed uploads; renames and deletions go on beyond it", async () => {
    const { store } = test;
    await write("a", 80);
    await limit({ bytesMax: 100 });
    const source = { bucket, key: "a" };
    const copy = { source, bucket, key: "b", check: () => {}, attributes: "copy" as const, storageClass: "STANDARD" };
    await expect(copyObject(store, copy)).rejects.toMatchObject(of("bucket"));
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
    const body = () => bodyOf(pattern(21));
    await expect(appendObject(store, { bucket, key: "a", offset: 80, body, created })).rejects.toMatchObject(
      of("bucket"),
    );
    const upload = {
      bucket,
      key: "c",
      owner: "root",
      attributes: NO_ATTRIBUTES,
      storageClass: "STANDARD",
      checksum: null,
    };
    const where = { bucket, key: "c", uploadId: (await createUpload(store, upload)).uploadId };
    const parts = [];
    for (const partNumber of [1, 2]) {
      const { etag } = await uploadPart(store, { ...where, partNumber, body: () => bodyOf(pattern(15)) });
      parts.push({ partNumber, etag });
    }
    await expect(completeUpload(store, { ...where, parts })).rejects.toMatchObject(of("bucket"));
    await limit({ bytesMax: 10 });
    await renameObject(store, { bucket, source: "a", key: "d", checkSource: () => {}, checkTarget: () => {} });
    await deleteObject(store, { bucket, key: "d" });
    expect(await used()).toBe(0);
    // What was refused can be completed once there is room.
    await limit({ bytesMax: 30 });
    await completeUpload(store, { ...where, parts });
    expect(await used()).toBe(30);
  });

  it("refuses a body that cannot fit before a byte of it is stored, where that is known", async () => {
    await limit({ bytesMax: 1_000_000 });
    await write("small", 10); // the bucket is remembered with its room
    await expect(write("large", 2_000_000)).rejects.toMatchObject(of("bucket"));
    expect(test.drives.every(({ shards }) => shards.size === 0)).toBe(true);
    const upload = {
      bucket,
      key: "c",
      owner: "root",
      attributes: NO_ATTRIBUTES,
      storageClass: "STANDARD",
      checksum: null,
    };
    const where = { bucket, key: "c", uploadId: (await createUpload(test.store, upload)).uploadId, partNumber: 1 };
    const part = uploadPart(test.store, { ...where, body: () => bodyOf(pattern(2_000_000)) });
    await expect(part).rejects.toMatchObject(of("bucket"));
    expect(test.drives.every(({ shards }) => shards.size === 0)).toBe(true);
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
    const longer = { bucket, key: "small", offset: 10, body: () => bodyOf(pattern(2_000_000)), created };
    await expect(appendObject(test.store, longer)).rejects.toMatchObject(of("bucket"));
    expect(test.drives.every(({ shards }) => shards.size === 0)).toBe(true);
    await appendObject(test.store, { ...longer, body: () => bodyOf(pattern(500_000)) });
    expect(await used()).toBe(500_010);
  });
});

describe("other quotas", () => {
  it("of objects count versions, and no delete markers", async () => {
    await limit({ objectsMax: 2 });
    await setVersioning(test.store, bucket, "enabled");
    await write("a", 1);
    await write("a", 1);
    await expect(write("a", 1)).rejects.toMatchObject(of("bucket"));
    await deleteObject(test.store, { bucket, key: "a" });
    await deleteObject(test.store, { bucket, key: "a" });
    await expect(write("b", 0)).rejects.toMatchObject(of("bucket"));
  });

  it("of an account add up its buckets, and leave other accounts alone", async () => {
    await setAccountQuota(test.store, "root", { ...NONE, bytesMax: 100 });
    await createBucket(test.store, { name: "foreign", owner: "someone", region: "us-east-1" });
    await write("a", 60, "other");
    await write("a", 40);
    await expect(write("b", 1)).rejects.toMatchObject(of("account"));
    await write("a", 500, "foreign");
    await deleteObject(test.store, { bucket: "other", key: "a" });
    await write("b", 60);
  });

  it("that are soft refuse nothing, and are told of once per crossing", { tags: ["slow"] }, async () => {
    await limit({ bytesSoft: 100 });
    await setAccountQuota(test.store, "root", { ...NONE, objectsSoft: 2 });
    await write("a", 101);
    await write("b", 50);
    await write("c", 50);
    await usage.run(test.store, budget, null);
    expect(told).toEqual([
      `sherd: bucket ${bucket} has crossed its soft quota: 101 bytes, the quota is 100`,
      "sherd: the account with the canonical id root has crossed its soft quota: 3 objects, the quota is 2",
    ]);
    await usage.run(test.store, budget, null);
    expect(told.length).toBe(2);
    for (const key of ["a", "b", "c"]) await deleteObject(test.store, { bucket, key });
    await write("a", 101);
    await usage.run(test.store, budget, null);
    expect(told.length).toBe(3);
  });

  it("that are crossed to and fro leave one line, not one for each time", async () => {
    await limit({ bytesSoft: 100 });
    for (let round = 0; round < 5; round++) {
      await write("a", 101 + round);
      await deleteObject(test.store, { bucket, key: "a" });
    }
    await usage.run(test.store, budget, null);
    expect(told).toEqual([`sherd: bucket ${bucket} has crossed its soft quota: 105 bytes, the quota is 100`]);
    expect(await test.store.metadata.quotas.crossings(10)).toEqual([]);
  });

  it("go with the bucket, and a new one of the name has none", async () => {
    await limit({ bytesMax: 1 });
    expect(await test.store.metadata.quotas.ofBucket(bucket)).toEqual({ ...NONE, bytesMax: 1 });
    await deleteBucket(test.store, bucket);
    const [left] = await test.d1.batch([test.d1.prepare("SELECT * FROM quotas")]);
    expect(left?.results).toEqual([]);
    await createBucket(test.store, { name: bucket, owner: "root", region: "us-east-1" });
    expect(await test.store.metadata.quotas.ofBucket(bucket)).toBeNull();
    await write("a", 5);
    await limit({ bytesMax: 1 });
    await test.store.metadata.quotas.setOfBucket(bucket, null);
    expect(await test.store.metadata.quotas.ofBucket(bucket)).toBeNull();
  });
});

describe("an account's quota over several databases", () => {
  it("is divided: all shares together never allow more", { tags: ["slow"] }, async () => {
    const rig = await DatabasesRig.open(["DB", "DB_2"]);
    const first = rig.isolate(["DB", "DB_2"]);
    const stores = first.databases?.all ?? [];
    for (const [index, store] of stores.entries()) {
      const row = { name: `b${index}`, owner: "root", region: "r", createdMs: 0, versioning: null, objectLock: null };
      const rest = { ownerAccount: null, access: null, accessId: null, configuration: {} };
      await store.metadata.buckets.create({ ...row, ...rest });
      await putObject(store, put(`b${index}`, "a", pattern(100)));
    }
    await setAccountQuota(first, "root", { ...NONE, bytesMax: 1_000 });
    const shares = async () =>
      Promise.all(stores.map(async ({ metadata }) => (await metadata.quotas.ofAccount("root"))?.share.bytesMax));
    expect(await shares()).toEqual([500, 500]);
    await putObject(stores[0] as never, put("b0", "b", pattern(400)));
    await expect(putObject(stores[0] as never, put("b0", "c", pattern(1)))).rejects.toMatchObject({
      failure: { of: "account" },
    });
    // The job gives the full database a part of what the other does not use.
    await usage.run(stores[0] as never, budget, null);
    expect(await shares()).toEqual([700, 300]);
    await putObject(stores[0] as never, put("b0", "c", pattern(200)));
    await setAccountQuota(first, "root", null);
    expect(await shares()).toEqual([undefined, undefined]);
    await rig.dispose();
  });

  it("shares are what is used and an equal part of the rest", () => {
    expect(sharesOf(100, [10, 20, 0])).toEqual([34, 43, 23]);
    expect(sharesOf(10, [10, 20])).toEqual([10, 20]);
    expect(sharesOf(null, [1, 2])).toEqual([null, null]);
  });
});

describe("usage over time", () => {
  it("has a row a day and bucket, for 400 days", async () => {
    const { metadata } = test.store;
    const day = Math.floor(test.store.clock.now() / 86_400_000);
    await write("a", 10);
    await metadata.usage.writeDay(day - 401);
    await metadata.usage.writeDay(day - 400);
    const { cursor, report } = await usage.run(test.store, budget, { day: day - 1 });
    expect(cursor).toEqual({ day });
    expect(report.usageDaysForgotten).toBe(2);
    const bucketId = (await metadata.usage.ofBucket(bucket))?.bucketId as number;
    const numbers = { bytes: 10, versions: 1, objects: 1, deleteMarkers: 0 };
    expect(await metadata.usage.days(bucketId, 0)).toEqual([
      { day, ...numbers },
      { day: day - 400, ...numbers },
    ]);
    await write("b", 5);
    await usage.run(test.store, budget, cursor);
    expect((await metadata.usage.days(bucketId, day))[0]?.bytes).toBe(10);
    expect((await metadata.usage.accountDays("root", day))[0]).toEqual({ day, ...numbers });
  });

  it("is not forgotten by a run whose clock is far ahead, nor by the first one after it", async () => {
    const { metadata } = test.store;
    const day = Math.floor(test.store.clock.now() / 86_400_000);
    for (let ago = 3; ago > 0; ago--) await metadata.usage.writeDay(day - ago);
    const clock = { ...test.store.clock, now: () => (day + 500) * 86_400_000 };
    const ahead = await usage.run({ ...test.store, clock }, budget, { day: day - 1 });
    expect(ahead.report.usageDaysForgotten).toBe(0);
    const { report, cursor } = await usage.run(test.store, budget, ahead.cursor);
    expect(report.usageDaysForgotten).toBe(0);
    expect(cursor).toEqual({ day });
    const days = (await metadata.usage.accountDays("root", 0)).map((one) => one.day - day);
    expect(days).toEqual([500, 0, -1, -2, -3]);
  });
});
