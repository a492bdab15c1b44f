import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBucket, deleteBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { setLockConfiguration } from "../../src/store/buckets/object-lock.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { buildStore, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

// An isolate remembers what a bucket was like. Whatever other isolates have done to it since, a write comes out as if it had been read.

const BUCKET = "remembered";
const INLINE = pattern(100, 1);
const LARGE = pattern(300_000, 2);

let rig: TestStore;
let clock: ManualClock;
/** Wrote into the bucket just now. */
let here: StoreContext;
/** Another isolate on the same D1 and drives. */
let elsewhere: StoreContext;
let trips = 0;

beforeEach(async () => {
  clock = new ManualClock();
  rig = await openTestStore({ clock });
  const parts = { drives: rig.drives, engine: rig.store.engine, d1: rig.d1, clock };
  here = buildStore(parts, ({ roundTrips }) => {
    trips += roundTrips;
  });
  elsewhere = buildStore(parts);
  await make();
  await putObject(here, put(BUCKET, "first", INLINE));
  trips = 0;
});
afterEach(() => rig.dispose());

function make(more: { objectLock?: boolean } = {}): Promise<void> {
  return createBucket(elsewhere, { name: BUCKET, owner: "root", region: "us-east-1", ...more });
}

async function unmake(): Promise<void> {
  for (const key of ["first", "key"]) await deleteObject(elsewhere, { bucket: BUCKET, key });
  await deleteBucket(elsewhere, BUCKET);
}

async function bytesOf(key: string, versionId?: string): Promise<Uint8Array> {
  const ref = { bucket: BUCKET, key, ...(versionId ? { versionId } : {}) };
  const { head, read } = await openObject(elsewhere, ref);
  return readAll(await read({ offset: 0, length: head.sizeBytes }));
}

describe("a bucket that is remembered", () => {
  it.each([
    ["inline", INLINE],
    ["on drives", LARGE],
  ])("costs a write no round trip, nor a deletion: %s", { tags: ["slow"] }, async (_, bytes) => {
    await putObject(here, put(BUCKET, "key", bytes));
    expect(trips).toBe(1);
    expect(await bytesOf("key")).toEqual(bytes);
    await deleteObject(here, { bucket: BUCKET, key: "key" });
    expect(trips).toBe(2);
    await expect(headObject(elsewhere, { bucket: BUCKET, key: "key" })).rejects.toThrow(/no-such-key/);
  });

  it("is read again after a minute", async () => {
    await clock.advance(60_000);
    await putObject(here, put(BUCKET, "key", INLINE));
    expect(trips).toBe(2);
  });

  it("keeps old versions from the moment that it is versioned", { tags: ["slow"] }, async () => {
    await setVersioning(elsewhere, BUCKET, "enabled");
    const { versionId } = await putObject(here, put(BUCKET, "first", LARGE));
    expect(versionId).toBeDefined();
    expect(await bytesOf("first", "null")).toEqual(INLINE);
    expect(await bytesOf("first", versionId)).toEqual(LARGE);
  });

  it("keeps what is deleted from the moment that it is versioned", async () => {
    await setVersioning(elsewhere, BUCKET, "enabled");
    const { deleteMarker } = await deleteObject(here, { bucket: BUCKET, key: "first" });
    expect(deleteMarker).toBe(true);
    expect(await bytesOf("first", "null")).toEqual(INLINE);
  });

  it.each([
    ["inline", INLINE],
    ["on drives", LARGE],
  ])("takes nothing when it is gone: %s", { tags: ["slow"] }, async (_, bytes) => {
    await unmake();
    await expect(putObject(here, put(BUCKET, "key", bytes))).rejects.toThrow(/no-such-bucket/);
    await expect(deleteObject(here, { bucket: BUCKET, key: "key" })).rejects.toThrow(/no-such-bucket/);
    await make();
    await expect(headObject(elsewhere, { bucket: BUCKET, key: "key" })).rejects.toThrow(/no-such-key/);
  });

  it.each([
    ["inline", INLINE],
    ["on drives", LARGE],
  ])("is the one that has the name now: %s", async (_, bytes) => {
    await unmake();
    await make();
    await putObject(elsewhere, put(BUCKET, "first", INLINE));
    await putObject(here, put(BUCKET, "key", bytes));
    expect(await bytesOf("key")).toEqual(bytes);
    await unmake();
    await make();
    await putObject(elsewhere, put(BUCKET, "first", INLINE));
    await deleteObject(here, { bucket: BUCKET, key: "first" });
    await expect(headObject(elsewhere, { bucket: BUCKET, key: "first" })).rejects.toThrow(/no-such-key/);
  });

  it("gives the retention that is the default now", async () => {
    await unmake();
    await make({ objectLock: true });
    await putObject(here, put(BUCKET, "key", INLINE));
    expect((await headObject(elsewhere, { bucket: BUCKET, key: "key" })).lock.retention).toBeNull();
    await setLockConfiguration(elsewhere, BUCKET, { defaultRetention: { mode: "COMPLIANCE", days: 1 } });
    await putObject(here, put(BUCKET, "key", INLINE));
    const { lock } = await headObject(elsewhere, { bucket: BUCKET, key: "key" });
    expect(lock.retention).toMatchObject({ mode: "COMPLIANCE" });
  });

  it("lets governance be bypassed when it has object lock now", async () => {
    await unmake();
    await make({ objectLock: true });
    const { deleteMarker } = await deleteObject(here, { bucket: BUCKET, key: "key", bypassGovernance: true });
    expect(deleteMarker).toBe(true);
  });

  it("gives a copy the retention that is the default when it is committed", async () => {
    await unmake();
    await make({ objectLock: true });
    await putObject(elsewhere, put(BUCKET, "key", INLINE));
    let batches = 0;
    const batch = async (...call: Parameters<D1Database["batch"]>) => {
      const defaultRetention = { mode: "COMPLIANCE" as const, days: 1 };
      if (++batches === 2) await setLockConfiguration(elsewhere, BUCKET, { defaultRetention });
      return rig.d1.batch(...call);
    };
    const decorateD1 = (d1: D1Database) =>
      ({ prepare: (sql: string) => d1.prepare(sql), batch }) as unknown as D1Database;
    const slow = buildStore({ drives: rig.drives, engine: rig.store.engine, d1: rig.d1, clock, decorateD1 });
    await copyObject(slow, {
      source: { bucket: BUCKET, key: "key" },
      ...{ bucket: BUCKET, key: "copy", attributes: "copy", storageClass: "STANDARD", check: () => {} },
    });
    const { lock } = await headObject(elsewhere, { bucket: BUCKET, key: "copy" });
    expect(lock.retention).toMatchObject({ mode: "COMPLIANCE" });
  });

  it("takes a lock when it has one now, and none when it has none", { tags: ["slow"] }, async () => {
    const lock = { retention: { mode: "GOVERNANCE" as const, untilMs: clock.now() + 1e9 }, legalHold: null };
    await expect(putObject(here, { ...put(BUCKET, "key", INLINE), lock })).rejects.toThrow(/no-object-lock/);
    await unmake();
    await make({ objectLock: true });
    await putObject(here, { ...put(BUCKET, "key", INLINE), lock });
    expect((await headObject(elsewhere, { bucket: BUCKET, key: "key" })).lock.retention).toMatchObject(lock.retention);
  });
});
