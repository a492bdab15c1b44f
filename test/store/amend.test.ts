import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { setLockConfiguration } from "../../src/store/buckets/object-lock.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { StoreError } from "../../src/store/failure.ts";
import { headObject } from "../../src/store/read/objects.ts";
import type { ObjectLock, Retention } from "../../src/store/types.ts";
import { putLegalHold, putRetention, putTags, readLock, readTags } from "../../src/store/write/amend.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openTestStore, put, type TestStore } from "../support/store.ts";

const clock = new ManualClock(Date.UTC(2030, 1, 28));
const elapsedMs = () => clock.now() - Date.UTC(2030, 1, 28);
let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ clock });
  await createBucket(rig.store, { name: "locked", owner: "root", region: "us-east-1", objectLock: true });
  await createBucket(rig.store, { name: "plain", owner: "root", region: "us-east-1" });
});
afterAll(() => rig.dispose());

const bytes = Buffer.from("x");
let keys = 0;
/** A new key of a bucket, with one version. */
async function newKey(
  bucket = "locked",
  lock?: ObjectLock,
): Promise<{ bucket: string; key: string; versionId: string }> {
  const key = `key-${++keys}`;
  const { versionId = "null" } = await putObject(rig.store, { ...put(bucket, key, bytes), ...(lock && { lock }) });
  return { bucket, key, versionId };
}
const failureOf = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error !== null && !(error instanceof StoreError)) throw error;
  return error?.failure.kind ?? null;
};

describe("tags of a version", () => {
  it("are its own, whichever version it is", async () => {
    const { store } = rig;
    const first = await newKey("locked");
    const { versionId: second } = await putObject(store, put("locked", first.key, bytes));
    await putTags(store, first, [["old", "1"]]);
    await putTags(store, { bucket: "locked", key: first.key }, [["new", "2"]]);
    expect(await readTags(store, first)).toEqual({ tags: [["old", "1"]], versionId: first.versionId });
    expect(await readTags(store, { bucket: "locked", key: first.key })).toEqual({
      tags: [["new", "2"]],
      versionId: second,
    });
    await putTags(store, first, []);
    expect((await readTags(store, first)).tags).toEqual([]);
  });

  it("of the null version are found wherever it stands", async () => {
    const { store } = rig;
    await createBucket(store, { name: "nulls", owner: "root", region: "us-east-1" });
    const name = { bucket: "nulls", key: "key", versionId: "null" };
    await putObject(store, put("nulls", "key", bytes));
    await putTags(store, name, [["a", "1"]]);
    await setVersioning(store, "nulls", "enabled");
    await putObject(store, put("nulls", "key", bytes));
    expect((await readTags(store, name)).tags).toEqual([["a", "1"]]);
    await putTags(store, name, [["a", "2"]]);
    expect((await readTags(store, name)).tags).toEqual([["a", "2"]]);
    expect((await readTags(store, { bucket: "nulls", key: "key" })).tags).toEqual([]);
  });

  it("cost one round trip and one row", { tags: ["slow"] }, async () => {
    const { store, takeCost, dispose } = await openTestStore({ clock, countsRows: true });
    await createBucket(store, { name: "counted", owner: "root", region: "us-east-1", objectLock: true });
    const { versionId = "" } = await putObject(store, put("counted", "key", bytes));
    await putObject(store, put("counted", "key", bytes));
    for (const name of [
      { bucket: "counted", key: "key" },
      { bucket: "counted", key: "key", versionId },
    ]) {
      takeCost();
      await putTags(store, name, [["a", "b"]]);
      const written = takeCost();
      // Where the bucket was not looked at, it is asked whether somebody wants to know.
      expect([written.roundTrips, written.rowsWritten <= 2, written.rowsRead <= 40]).toEqual([1, true, true]);
      await readTags(store, name);
      const read = takeCost();
      expect([read.roundTrips, read.rowsRead <= 10]).toEqual([1, true]);
    }
    await dispose();
  });

  it("need something to be tags of", async () => {
    const { store } = rig;
    const { key } = await newKey();
    const { markerVersionId } = await deleteObject(store, { bucket: "locked", key });
    const absent = "00000101KAGX0000ABCDEFGHJKMNPQRS";
    expect(await failureOf(putTags(store, { bucket: "nobody", key }, []))).toBe("no-such-bucket");
    expect(await failureOf(readTags(store, { bucket: "nobody", key }))).toBe("no-such-bucket");
    expect(await failureOf(putTags(store, { bucket: "locked", key: "absent" }, []))).toBe("no-such-key");
    expect(await failureOf(putTags(store, { bucket: "locked", key, versionId: absent }, []))).toBe("no-such-version");
    for (const versionId of [undefined, markerVersionId as string]) {
      const name = { bucket: "locked", key, ...(versionId && { versionId }) };
      expect(await failureOf(putTags(store, name, []))).toBe("is-delete-marker");
      expect(await failureOf(readTags(store, name))).toBe("is-delete-marker");
    }
  });
});

/** What S3's documentation says: may `next` take the place of `now`? */
function mayRetain(now: Retention | null, next: Retention | null, bypass: boolean): boolean {
  if (now === null || now.untilMs <= clock.now()) return true;
  if (now.mode === "GOVERNANCE" && bypass) return true;
  return next !== null && next.mode === now.mode && next.untilMs >= now.untilMs;
}

const retention: fc.Arbitrary<Retention | null> = fc
  .option(
    fc.record({
      mode: fc.constantFrom("GOVERNANCE" as const, "COMPLIANCE" as const),
      days: fc.integer({ min: 1, max: 5 }),
    }),
  )
  .map((value) => value && { mode: value.mode, untilMs: clock.now() + value.days * 86_400_000 });

describe("retention", () => {
  it("changes only as S3 lets it, and a version goes only when nothing protects it", { tags: ["slow"] }, async () => {
    const step = fc.record({ next: retention, bypass: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.boolean(), async (steps, bypass) => {
        const { store } = rig;
        const name = await newKey();
        let now: Retention | null = null;
        for (const { next, bypass: bypassGovernance } of steps) {
          const done = await failureOf(putRetention(store, name, { retention: next, bypassGovernance }));
          const allowed = mayRetain(now, next, bypassGovernance);
          expect(done).toBe(allowed ? null : "object-locked");
          if (allowed) now = next;
          expect((await readLock(store, name)).retention).toEqual(now);
        }
        const removable = now === null || (now.mode === "GOVERNANCE" && bypass);
        const removal = deleteObject(store, { ...name, bypassGovernance: bypass });
        expect(await failureOf(removal)).toBe(removable ? null : "object-locked");
        expect(await failureOf(headObject(store, name))).toBe(removable ? "no-such-version" : null);
      }),
      { numRuns: 60 },
    );
  });

  it("ends with its time", async () => {
    const { store } = rig;
    const name = await newKey("locked", {
      retention: { mode: "COMPLIANCE", untilMs: clock.now() + 1000 },
      legalHold: null,
    });
    expect(await failureOf(deleteObject(store, name))).toBe("object-locked");
    await clock.advance(1000);
    await putRetention(store, name, { retention: null, bypassGovernance: false });
    await deleteObject(store, name);
  });

  it("comes from the bucket where a version brings none", async () => {
    const { store } = rig;
    await createBucket(store, { name: "default", owner: "root", region: "us-east-1", objectLock: true });
    const lockOf = async (lock?: ObjectLock) => (await headObject(store, await newKey("default", lock))).lock;
    expect(await lockOf()).toEqual({ retention: null, legalHold: null });
    await setLockConfiguration(store, "default", { defaultRetention: { mode: "GOVERNANCE", days: 2 } });
    const twoDays = { mode: "GOVERNANCE", untilMs: Date.UTC(2030, 2, 2) + elapsedMs() };
    expect(await lockOf()).toEqual({ retention: twoDays, legalHold: null });
    expect(await lockOf({ retention: null, legalHold: "ON" })).toEqual({ retention: twoDays, legalHold: "ON" });
    const own = { mode: "COMPLIANCE", untilMs: clock.now() + 5 } as const;
    expect((await lockOf({ retention: own, legalHold: null })).retention).toEqual(own);
    await setLockConfiguration(store, "default", { defaultRetention: { mode: "COMPLIANCE", years: 2 } });
    expect((await lockOf()).retention).toEqual({ mode: "COMPLIANCE", untilMs: Date.UTC(2032, 1, 28) + elapsedMs() });
    await setLockConfiguration(store, "default", {});
    expect((await lockOf()).retention).toBeNull();
  });
});

describe("a legal hold", () => {
  it("protects a version until it is lifted, whoever bypasses what", async () => {
    const { store } = rig;
    const name = await newKey();
    expect((await readLock(store, name)).legalHold).toBeNull();
    await putLegalHold(store, name, "ON");
    expect(await failureOf(deleteObject(store, { ...name, bypassGovernance: true }))).toBe("object-locked");
    await putLegalHold(store, name, "OFF");
    expect((await readLock(store, name)).legalHold).toBe("OFF");
    await deleteObject(store, name);
  });
});

describe("a locked version stays", () => {
  const lock: ObjectLock = { retention: null, legalHold: "ON" };

  it("when its key is written, copied onto or deleted, and comes back", async () => {
    const { store } = rig;
    const name = await newKey("locked", lock);
    const { bucket, key } = name;
    await putObject(store, put(bucket, key, Buffer.from("new")));
    const source = { bucket, key };
    await copyObject(store, { source, bucket, key, check: () => {}, attributes: "copy", storageClass: "STANDARD" });
    expect((await headObject(store, { bucket, key })).lock.legalHold).toBeNull();
    const { markerVersionId = "" } = await deleteObject(store, { bucket, key });
    expect((await headObject(store, name)).lock).toEqual(lock);
    await deleteObject(store, { bucket, key, versionId: markerVersionId });
    expect(await failureOf(deleteObject(store, name))).toBe("object-locked");
  });

  it("when it is deleted among others", async () => {
    const { store } = rig;
    const locked = await newKey("locked", lock);
    const free = await newKey();
    const deletions = [locked, free].map(({ key, versionId }) => ({ key, versionId }));
    const results = await deleteObjects(store, { bucket: "locked", deletions });
    expect(results.map(({ refusal }) => refusal)).toEqual(["locked", null]);
    expect(await failureOf(headObject(store, locked))).toBeNull();
    expect(await failureOf(headObject(store, free))).toBe("no-such-version");
  });

  it("where it is the null version of a bucket that got its object lock later", async () => {
    const { store } = rig;
    await createBucket(store, { name: "later", owner: "root", region: "us-east-1" });
    await putObject(store, put("later", "key", bytes));
    expect(await failureOf(setLockConfiguration(store, "later", {}))).toBe("not-versioned");
    await setVersioning(store, "later", "enabled");
    await setLockConfiguration(store, "later", {});
    const name = { bucket: "later", key: "key", versionId: "null" };
    await putLegalHold(store, name, "ON");
    await putObject(store, put("later", "key", bytes));
    expect(await failureOf(deleteObject(store, name))).toBe("object-locked");
    expect(await failureOf(setVersioning(store, "later", "suspended"))).toBe("versioning-needed");
  });
});

describe("a bucket without object lock", () => {
  it("locks nothing, and has nothing to bypass", async () => {
    const { store } = rig;
    const { key } = await newKey("plain");
    const name = { bucket: "plain", key };
    const held: ObjectLock = { retention: null, legalHold: "ON" };
    const works = [
      () => putLegalHold(store, name, "ON"),
      () => putRetention(store, name, { retention: null, bypassGovernance: true }),
      () => readLock(store, name),
      () => readLock(store, { bucket: "plain", key: "absent" }),
      () => putObject(store, { ...put("plain", key, Buffer.from("new")), lock: held }),
      () => deleteObject(store, { ...name, bypassGovernance: false }),
      () => deleteObject(store, { ...name, versionId: "null", bypassGovernance: true }),
      () => deleteObjects(store, { bucket: "plain", deletions: [{ key }], bypassGovernance: true }),
    ];
    for (const work of works) expect(await failureOf(work())).toBe("no-object-lock");
    expect((await headObject(store, name)).sizeBytes).toBe(1);
  });
});
