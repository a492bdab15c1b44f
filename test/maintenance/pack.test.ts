import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { pack } from "../../src/maintenance/collect/pack.ts";
import type { Budget } from "../../src/maintenance/run/job.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { putObject } from "../../src/store/write/write.ts";
import { withFaults } from "../support/faulty.ts";
import { withBatchFaults } from "../support/faulty-d1.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { buildStore, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

const bucket = "packs";
const ENDLESS: Budget = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
const HOUR_MS = 3600 * 1000;

let clock: ManualClock;
let rig: TestStore;
let writes = 0;

beforeEach(async () => {
  clock = new ManualClock();
  writes = 0;
  const decorateDrive = (drive: Parameters<typeof withFaults>[0]) =>
    withFaults(drive, ({ kind }) => {
      if (kind === "close") writes++;
      return null;
    });
  rig = await openTestStore({ clock, decorateDrive, settings: { graceSeconds: 10 } });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

async function runAll(store = rig.store): Promise<Record<string, number>> {
  const total: Record<string, number> = {};
  for (let cursor: unknown = null, runs = 0; ; runs++) {
    const result = await pack.run(store, ENDLESS, cursor);
    for (const [name, count] of Object.entries(result.report)) total[name] = (total[name] ?? 0) + count;
    cursor = result.cursor;
    if (cursor === null || runs > 100) return total;
  }
}

async function count(sql: string): Promise<number> {
  const [outcome] = await rig.d1.batch<{ n: number }>([rig.d1.prepare(sql)]);
  return outcome?.results[0]?.n ?? 0;
}

async function contentOf(key: string, versionId?: string): Promise<Uint8Array> {
  const { head, read } = await openObject(rig.store, { bucket, key, ...(versionId ? { versionId } : {}) });
  return readAll(await read({ offset: 0, length: head.sizeBytes }));
}

const inlineBytes = () => count("SELECT coalesce(sum(length(inline_body)), 0) AS n FROM objects");
const bodyOf = (n: number) => pattern(500 + (n % 700), n + 1);

async function putMany(objects: number): Promise<void> {
  for (let n = 0; n < objects; n++) await putObject(rig.store, put(bucket, `k/${n}`, bodyOf(n)));
}

async function expectAll(objects: number, except: ReadonlySet<number> = new Set()): Promise<void> {
  for (let n = 0; n < objects; n++) {
    if (!except.has(n)) expect(Buffer.compare(await contentOf(`k/${n}`), bodyOf(n))).toBe(0);
  }
}

describe("pack", () => {
  it("1,000 objects of 8 KiB: under 1/50 of their bytes stay in D1, under 0.2 drive writes an object", {
    tags: ["slow"],
  }, async () => {
    const body = pattern(8192, 3);
    for (let n = 0; n < 1_000; n++) await putObject(rig.store, put(bucket, `k/${n}`, body));
    const before = await inlineBytes();
    await clock.advance(2 * HOUR_MS);
    await runAll();
    expect(await inlineBytes()).toBeLessThan(before / 50);
    expect(writes / 1_000).toBeLessThan(0.2);
    for (const n of [0, 1, 998, 999]) expect(Buffer.compare(await contentOf(`k/${n}`), body)).toBe(0);
  });

  it("leaves what is young, few, or empty", { tags: ["slow"] }, async () => {
    await putMany(40);
    await putObject(rig.store, put(bucket, "empty", new Uint8Array(0)));
    expect(await runAll()).toMatchObject({ packs: 0 });
    await clock.advance(2 * HOUR_MS);
    expect(await runAll()).toMatchObject({ packs: 1, packedObjects: 40 });
    expect(await contentOf("empty")).toHaveLength(0);
    await putMany(3);
    await clock.advance(2 * HOUR_MS);
    expect(await runAll()).toMatchObject({ packs: 0 });
    await expectAll(40);
  });

  it("packs noncurrent versions, and copies keep the pack alive when their source is deleted", {
    tags: ["slow"],
  }, async () => {
    await setVersioning(rig.store, bucket, "enabled");
    const old: string[] = [];
    for (let n = 0; n < 40; n++)
      old.push((await putObject(rig.store, put(bucket, "one", bodyOf(n)))).versionId as string);
    await clock.advance(2 * HOUR_MS);
    expect(await runAll()).toMatchObject({ packedObjects: 39 });
    const copy = { source: { bucket, key: "one", versionId: old[5] as string }, check: () => {} };
    await copyObject(rig.store, { ...copy, bucket, key: "copy", attributes: "copy", storageClass: "STANDARD" });
    await deleteObjects(rig.store, { bucket, deletions: old.map((versionId) => ({ key: "one", versionId })) });
    await clock.advance(HOUR_MS);
    await collect.run(rig.store, ENDLESS, null);
    expect(Buffer.compare(await contentOf("copy"), bodyOf(5))).toBe(0);
    await deleteObjects(rig.store, { bucket, deletions: [{ key: "copy" }] });
    const markers = await rig.store.metadata.listing.versions({
      bucket,
      prefix: "",
      delimiter: "",
      after: { key: "" },
      limit: 99,
    });
    expect(markers?.entries.length).toBe(2);
  });

  it("rewrites packs of which less than half is live, and frees what they held", { tags: ["slow"] }, async () => {
    await putMany(100);
    await clock.advance(2 * HOUR_MS);
    await runAll();
    const gone = new Set(Array.from({ length: 70 }, (_, n) => n));
    await deleteObjects(rig.store, { bucket, deletions: [...gone].map((n) => ({ key: `k/${n}` })) });
    await clock.advance(HOUR_MS);
    await collect.run(rig.store, ENDLESS, null);
    expect(await count("SELECT count(*) AS n FROM blobs")).toBe(1);
    expect(await runAll()).toMatchObject({ packs: 1, packedObjects: 30 });
    await clock.advance(HOUR_MS);
    await collect.run(rig.store, ENDLESS, null);
    expect(await count("SELECT count(*) AS n FROM blobs")).toBe(1);
    expect(await count("SELECT count(*) AS n FROM blob_refs")).toBe(30);
    expect(rig.drives.reduce((sum, drive) => sum + drive.shards.size, 0)).toBe(6);
    await expectAll(100, gone);
  });

  it("a version replaced while its pack is written keeps its new bytes, and nothing leaks", async () => {
    await putMany(40);
    await clock.advance(2 * HOUR_MS);
    let raced = false;
    const racing = buildStore({
      drives: rig.drives,
      engine: rig.store.engine,
      d1: rig.d1,
      clock,
      decorateDrive: (drive) =>
        withFaults(drive, ({ kind }) => {
          raced ||= kind === "close";
          return null;
        }),
      decorateD1: (d1) =>
        withBatchFaults(d1, () => {
          return null;
        }),
    });
    const { move } = racing.metadata.packing;
    racing.metadata.packing.move = async (...args) => {
      await putObject(rig.store, put(bucket, "k/7", pattern(99, 77)));
      await deleteObject(rig.store, { bucket, key: "k/8" });
      return move.apply(racing.metadata.packing, args);
    };
    expect(await runAll(racing)).toMatchObject({ packedObjects: 38 });
    expect(raced).toBe(true);
    expect(Buffer.compare(await contentOf("k/7"), pattern(99, 77))).toBe(0);
    await expectAll(40, new Set([7, 8]));
    expect(await count("SELECT count(*) AS n FROM blob_refs")).toBe(38);
  });

  it.each(["fail", "fail-after"] as const)(
    "stopped at any call (%s), every object stays readable",
    { tags: ["slow"] },
    async (fault) => {
      await putMany(40);
      await clock.advance(2 * HOUR_MS);
      for (let n = 1; ; n++) {
        let calls = 0;
        const strike = () => ++calls === n;
        const store = buildStore({
          drives: rig.drives,
          engine: rig.store.engine,
          d1: rig.d1,
          clock,
          decorateDrive: (drive) => withFaults(drive, () => (strike() ? { kind: fault, fault: "unreachable" } : null)),
          decorateD1: (d1) => withBatchFaults(d1, () => (strike() ? fault : null)),
        });
        await runAll(store).catch(() => {});
        await expectAll(40);
        if (calls < n) break;
        // What this round packed is put back inline for the next.
        await putMany(40);
        await clock.advance(2 * HOUR_MS);
      }
      await deleteObjects(rig.store, { bucket, deletions: Array.from({ length: 40 }, (_, n) => ({ key: `k/${n}` })) });
      await clock.advance(HOUR_MS);
      await collect.run(rig.store, ENDLESS, null);
      for (const table of ["blobs", "blob_refs", "trash"])
        expect(await count(`SELECT count(*) AS n FROM ${table}`)).toBe(0);
    },
  );
});
