import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LifecycleConfiguration, LifecycleRule } from "../../src/lifecycle/configuration.ts";
import { lifecycle, lifecycleJob } from "../../src/maintenance/lifecycle/lifecycle.ts";
import type { TransitionTask } from "../../src/maintenance/lifecycle/transition.ts";
import type { Budget, JobReport } from "../../src/maintenance/run/job.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { setLifecycle } from "../../src/store/buckets/lifecycle.ts";
import { setNotifications } from "../../src/store/buckets/notifications.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { putTags } from "../../src/store/write/amend.ts";
import { renameObject } from "../../src/store/write/rename.ts";
import { putObject } from "../../src/store/write/write.ts";
import { bodyOf, NO_ATTRIBUTES, pattern, put } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig, MINUTE_MS } from "./support/rig.ts";

let rig: MaintenanceRig;
let store: StoreContext;
beforeEach(async () => {
  rig = await MaintenanceRig.open();
  store = rig.store();
  cursor = null;
  await run();
});
afterEach(() => rig.rig.dispose());

let cursor: unknown;

/** One run, as cron has it. */
async function run(job = lifecycle, by = store): Promise<JobReport> {
  const result = await job.run(by, ENDLESS, cursor);
  cursor = JSON.parse(JSON.stringify(result.cursor));
  return result.report;
}

/** Lets time pass as it does where cron runs. */
async function pass(ms: number, job = lifecycle) {
  const total: Record<string, number> = {};
  for (let left = ms; left > 0; left -= HOUR_MS) {
    await rig.clock.advance(Math.min(left, HOUR_MS));
    for (const [what, count] of Object.entries(await run(job))) total[what] = (total[what] ?? 0) + count;
  }
  return total;
}

const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
  id: "rule",
  enabled: true,
  filter: { form: "one" },
  ...more,
});

function configure(...rules: Partial<LifecycleRule>[]): Promise<void> {
  const configuration: LifecycleConfiguration = {
    rules: rules.map((more, at) => rule({ id: `rule-${at}`, ...more })),
    minimumSize: "all_storage_classes_128K",
  };
  return setLifecycle(store, rig.bucket, configuration);
}

const write = (key: string, more = {}) =>
  putObject(store, { ...put(rig.bucket, key, pattern(9)), ...more } as Parameters<typeof putObject>[1]);
const keys = async () =>
  (await rig.rows<{ key: string }>("SELECT key FROM objects ORDER BY key")).map(({ key }) => key);
const versions = async () =>
  (
    await rig.rows<{ key: string; is_marker: number }>("SELECT key, is_marker FROM versions ORDER BY key, seq DESC")
  ).map(({ key, is_marker }) => `${key}${is_marker ? " marker" : ""}`);

describe("expiration of what keys name", () => {
  it("comes at the midnight after the days, not before, and takes what the filter says alone", {
    tags: ["slow"],
  }, async () => {
    await configure({ filter: { form: "one", prefix: "logs/" }, expiration: { days: 1 } });
    await rig.clock.advance(HOUR_MS);
    for (const key of ["kept", "logs/1", "logs/2", "logt"]) await write(key);
    // Written at one o'clock: a day later is rounded up to the next midnight.
    expect(await pass(46 * HOUR_MS)).toMatchObject({ expiredObjects: 0 });
    expect(await keys()).toHaveLength(4);
    expect(await pass(HOUR_MS)).toMatchObject({ expiredObjects: 2 });
    expect(await keys()).toEqual(["kept", "logt"]);
  });

  it("leaves a delete marker where versions are kept, and tells those who listen, once", {
    tags: ["slow"],
  }, async () => {
    await setVersioning(store, rig.bucket, "enabled");
    await setNotifications(store, rig.bucket, { rules: [], eventBridge: false });
    await configure({ expiration: { days: 1 } });
    await write("a");
    expect(await pass(3 * DAY_MS)).toMatchObject({ deleteMarkers: 1, expiredObjects: 0 });
    expect(await keys()).toEqual([]);
    expect(await versions()).toEqual(["a marker", "a"]);
    const { news } = await store.metadata.outbox.oldest(10);
    expect(news.map(({ event, key, origin }) => [event, key, origin])).toEqual([
      ["ObjectCreated:Put", "a", null],
      ["LifecycleExpiration:DeleteMarkerCreated", "a", null],
    ]);
  });

  it("tells of what it drops, listeners and the log", async () => {
    const lines: string[] = [];
    store = { ...store, tell: (line) => lines.push(line) };
    await setNotifications(store, rig.bucket, { rules: [], eventBridge: false });
    await configure({ expiration: { days: 1 } });
    await write("a");
    await pass(2 * DAY_MS);
    expect(lines).toEqual([`lifecycle of bucket ${rig.bucket}: 1 expiredObjects`]);
    const { news } = await store.metadata.outbox.oldest(10);
    expect(news.map(({ event }) => event)).toEqual(["ObjectCreated:Put", "LifecycleExpiration:Delete"]);
  });

  it("leaves a null marker where versioning is suspended", async () => {
    await setVersioning(store, rig.bucket, "enabled");
    await write("a");
    await setVersioning(store, rig.bucket, "suspended");
    await write("b");
    await configure({ expiration: { days: 1 } });
    await pass(2 * DAY_MS);
    expect(await keys()).toEqual([]);
    expect(await versions()).toEqual(["a marker", "a", "b marker"]);
  });

  it("comes on a date", async () => {
    await write("a");
    await configure({ expiration: { dateMs: rig.clock.now() + 2 * DAY_MS } });
    expect(await pass(47 * HOUR_MS)).toMatchObject({ expiredObjects: 0 });
    expect(await pass(HOUR_MS)).toMatchObject({ expiredObjects: 1 });
  });

  it("heeds tags and sizes", async () => {
    await write("tagged", {
      tags: [
        ["team", "blue"],
        ["x", "y"],
      ],
    });
    await write("other", { tags: [["team", "red"]] });
    await write("large", { body: bodyOf(pattern(5_000)) });
    await configure(
      { filter: { form: "one", tags: [["team", "blue"]] }, expiration: { days: 1 } },
      { filter: { form: "one", largerThan: 4_999 }, expiration: { days: 1 } },
    );
    await pass(2 * DAY_MS);
    expect(await keys()).toEqual(["other"]);
  });

  it("does nothing by rules that are disabled", async () => {
    await write("a");
    await configure({ enabled: false, expiration: { days: 1 } });
    expect(await pass(3 * DAY_MS)).toMatchObject({ expiredObjects: 0, scanned: 0 });
  });
});

describe("other versions", () => {
  beforeEach(() => setVersioning(store, rig.bucket, "enabled"));

  it("go so many days after they were replaced, save the newest ones", async () => {
    for (let n = 0; n < 5; n++) await write("a");
    await write("b");
    await configure({ noncurrentExpiration: { days: 1, newer: 2 } });
    expect(await pass(2 * DAY_MS)).toMatchObject({ removedVersions: 2 });
    expect(await versions()).toEqual(["a", "a"]);
    expect(await keys()).toEqual(["a", "b"]);
  });

  it("keep as many below a delete marker", async () => {
    for (let n = 0; n < 4; n++) await write("a");
    await deleteObject(store, { bucket: rig.bucket, key: "a" });
    await configure({ noncurrentExpiration: { days: 1, newer: 1 } });
    expect(await pass(2 * DAY_MS)).toMatchObject({ removedVersions: 3 });
    expect(await versions()).toEqual(["a marker", "a"]);
  });

  it("are not removed while a lock protects them", async () => {
    await write("a");
    await write("held");
    await rig.rows("UPDATE objects SET legal_hold = 1 WHERE key = 'held'");
    await write("retained");
    const untilMs = rig.clock.now() + 4 * DAY_MS;
    await rig.rows(
      `UPDATE objects SET retain_until_ms = ${untilMs}, retain_mode = 'GOVERNANCE' WHERE key = 'retained'`,
    );
    await write("event");
    await rig.rows(
      `UPDATE objects SET retain_mode = 'GOVERNANCE', event_hold = '{"status":"ON","days":1}' WHERE key = 'event'`,
    );
    for (const key of ["a", "held", "retained", "event"]) await write(key);
    await configure({ noncurrentExpiration: { days: 1 } });
    await pass(3 * DAY_MS);
    expect(await versions()).toEqual(["event", "held", "retained"]);
    await pass(3 * DAY_MS);
    expect(await versions()).toEqual(["event", "held"]);
  });

  it("leave no marker alone where a rule says so, and none that hides something", { tags: ["slow"] }, async () => {
    await write("a");
    await deleteObject(store, { bucket: rig.bucket, key: "a" });
    await deleteObject(store, { bucket: rig.bucket, key: "lone" });
    await configure({ expiration: { deleteMarker: true } });
    expect(await run()).toMatchObject({ removedMarkers: 1 });
    expect(await versions()).toEqual(["a marker", "a"]);
    await configure({ expiration: { deleteMarker: true }, noncurrentExpiration: { days: 1 } });
    await pass(2 * DAY_MS + HOUR_MS);
    expect(await versions()).toEqual(["a marker"]);
    await pass(DAY_MS);
    expect(await versions()).toEqual([]);
  });

  it("lone markers go by the days of an expiration too", async () => {
    await deleteObject(store, { bucket: rig.bucket, key: "lone" });
    await configure({ expiration: { days: 2 } });
    await pass(2 * DAY_MS);
    expect(await versions()).toEqual(["lone marker"]);
    await pass(DAY_MS);
    expect(await versions()).toEqual([]);
  });

  it("of one key may be more than a page, in any order of markers", { tags: ["slow"] }, async () => {
    for (let n = 0; n < 30; n++) {
      if (n % 3 === 2) await deleteObject(store, { bucket: rig.bucket, key: "a" });
      else await write("a");
    }
    await rig.rows(
      `INSERT INTO versions SELECT bucket_id, 'z', id || n.value, n.value, 0, 0, noncurrent_ms, size_bytes, etag, modified_ms, storage_class,
         checksum, tags, NULL, NULL, 0, attributes, parts, NULL, NULL, 0, NULL FROM (SELECT * FROM versions WHERE is_marker = 0 LIMIT 1),
         (WITH RECURSIVE t(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM t WHERE value < 2500) SELECT value FROM t) n`,
    );
    await write("z");
    await configure({ noncurrentExpiration: { days: 1, newer: 3 } });
    await pass(2 * DAY_MS);
    expect((await versions()).filter((version) => version.startsWith("z"))).toHaveLength(3);
    // The newest of `a` is a marker: three versions below it stay.
    expect((await versions()).filter((version) => version.startsWith("a"))).toHaveLength(4);
  });
});

describe("unfinished uploads", () => {
  it("are aborted, with their parts", async () => {
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", owner: "root", checksum: null };
    const begin = async (key: string) => {
      const { uploadId } = await createUpload(store, { bucket: rig.bucket, key, ...created });
      await uploadPart(store, { bucket: rig.bucket, key, uploadId, partNumber: 1, body: () => bodyOf(pattern(900)) });
    };
    await configure({ filter: { form: "one", prefix: "in/" }, abortDays: 1 });
    for (const key of ["in/a", "in/b", "out"]) await begin(key);
    await begin("in/a");
    expect(await pass(2 * DAY_MS)).toMatchObject({ abortedUploads: 3 });
    expect(await rig.rows("SELECT key FROM uploads")).toEqual([{ key: "out" }]);
    expect(await rig.rows("SELECT count(*) AS n FROM parts")).toEqual([{ n: 1 }]);
    expect(await rig.rows("SELECT count(*) AS n FROM trash")).toEqual([{ n: 3 }]);
  });
});

describe("a configuration or an object that changes while the walk is under way", () => {
  /** Runs the walk and `change` before its first removal. */
  async function changing(change: () => Promise<unknown>): Promise<void> {
    const { lifecycleRemovals } = store.metadata;
    const bare = lifecycleRemovals.objects.bind(lifecycleRemovals);
    let done = false;
    lifecycleRemovals.objects = async (...args) => {
      if (!done) {
        done = true;
        await change();
      }
      return bare(...args);
    };
    await pass(2 * DAY_MS);
    expect(done).toBe(true);
  }

  it("a configuration that is taken away keeps everything", async () => {
    await configure({ expiration: { days: 1 } });
    await write("a");
    await changing(() => setLifecycle(rig.store(), rig.bucket, null));
    expect(await keys()).toEqual(["a"]);
  });

  it("one that is replaced keeps what it keeps", async () => {
    await configure({ expiration: { days: 1 } });
    for (const key of ["a", "tmp/a"]) await write(key);
    await changing(() => configure({ filter: { form: "one", prefix: "tmp/" }, expiration: { days: 1 } }));
    expect(await keys()).toEqual(["a"]);
  });

  it("an object that is written again is new", { tags: ["slow"] }, async () => {
    await configure({ expiration: { days: 1 } });
    for (const key of ["a", "b"]) await write(key);
    await changing(() => write("a"));
    expect(await keys()).toEqual(["a"]);
  });

  it("an object that is renamed onto another one that was due is not what was decided on", async () => {
    await configure({ expiration: { days: 1 } });
    for (const key of ["a", "b", 'ä "c']) await write(key);
    const renamed = { bucket: rig.bucket, source: "b", key: "a", checkSource: () => {} };
    await changing(() => renameObject(rig.store(), renamed));
    expect(await keys()).toEqual(["a"]);
  });

  it("tags that a rule asks for are looked at again", async () => {
    await configure({ filter: { form: "one", tags: [["old", "yes"]] }, expiration: { days: 1 } });
    for (const key of ["a", "b"]) await write(key, { tags: [["old", "yes"]] });
    await changing(() => putTags(rig.store(), { bucket: rig.bucket, key: "a" }, [["old", "no"]]));
    expect(await keys()).toEqual(["a"]);
  });

  it("versioning that is enabled keeps the version", async () => {
    await configure({ expiration: { days: 1 } });
    await write("a");
    await changing(() => setVersioning(rig.store(), rig.bucket, "enabled"));
    expect(await versions()).toEqual(["a marker", "a"]);
  });

  it("a version whose newer ones are removed meanwhile is kept", async () => {
    await setVersioning(store, rig.bucket, "enabled");
    for (let n = 0; n < 3; n++) await write("a");
    await configure({ noncurrentExpiration: { days: 1, newer: 1 } });
    const { lifecycleRemovals } = store.metadata;
    const bare = lifecycleRemovals.versions.bind(lifecycleRemovals);
    lifecycleRemovals.versions = async (...args) => {
      await rig.rows("DELETE FROM versions WHERE seq = (SELECT max(seq) FROM versions)");
      return bare(...args);
    };
    await pass(2 * DAY_MS);
    expect(await versions()).toEqual(["a"]);
  });
});

describe("the clock", () => {
  it("that jumps forwards once deletes nothing, and costs half an hour", { tags: ["slow"] }, async () => {
    await configure({ expiration: { days: 30 } });
    await write("a");
    await run();
    const jumped = {
      ...store,
      clock: { ...rig.clock, now: () => rig.clock.now() + 60 * DAY_MS } as typeof store.clock,
    };
    expect(await run(lifecycle, jumped)).toMatchObject({ expiredObjects: 0 });
    await pass(HOUR_MS);
    expect(await keys()).toEqual(["a"]);
    expect(await pass(31 * DAY_MS)).toMatchObject({ expiredObjects: 1 });
  });

  it("that jumps back and then forwards deletes nothing early, and goes on", async () => {
    await configure({ expiration: { days: 2 } });
    await write("a");
    const back = { ...store, clock: { ...rig.clock, now: () => rig.clock.now() - DAY_MS } as typeof store.clock };
    await run(lifecycle, back);
    expect(await pass(2 * DAY_MS)).toMatchObject({ expiredObjects: 0 });
    expect(await keys()).toEqual(["a"]);
    await pass(DAY_MS);
    expect(await keys()).toEqual([]);
  });

  it("after a machine was off it waits half an hour, and says so", async () => {
    const told: string[] = [];
    const told_ = { ...store, tell: (line: string) => told.push(line) };
    await configure({ expiration: { days: 1 } });
    await write("a");
    await rig.clock.advance(3 * DAY_MS);
    expect(await run(lifecycle, told_)).toMatchObject({ expiredObjects: 0 });
    expect(told).toEqual([expect.stringContaining("lifecycle removes nothing until")]);
    for (let n = 0; n < 18; n++) {
      await rig.clock.advance(5 * MINUTE_MS);
      await run(lifecycle, told_);
    }
    expect(await keys()).toEqual([]);
  });

  it("walks at once what was set while it was wrong", { tags: ["slow"] }, async () => {
    const ahead = {
      ...store,
      clock: { ...rig.clock, now: () => rig.clock.now() + 400 * DAY_MS } as typeof store.clock,
    };
    await setLifecycle(ahead, rig.bucket, {
      rules: [rule({ expiration: { days: 1 } })],
      minimumSize: "all_storage_classes_128K",
    });
    await write("a");
    expect(await pass(2 * DAY_MS)).toMatchObject({ expiredObjects: 1 });
  });
});

describe("the walk", () => {
  it("reads each key once a day, and nothing where no rule is about it", async () => {
    for (const key of ["a/1", "a/2", "b/1", "c"]) await write(key);
    await configure(
      { filter: { form: "one", prefix: "a/" }, expiration: { days: 100 } },
      { filter: { form: "one", prefix: "a/1" }, expiration: { days: 100 } },
      { filter: { form: "one", prefix: "b/" }, expiration: { days: 100 } },
    );
    expect(await run()).toMatchObject({ scanned: 3, walks: 1 });
    expect(await run()).toMatchObject({ scanned: 0, walks: 0 });
    expect(await pass(DAY_MS)).toMatchObject({ scanned: 3, walks: 1 });
    await setLifecycle(store, rig.bucket, null);
    expect(await pass(DAY_MS)).toMatchObject({ scanned: 0, walks: 0 });
  });

  it("goes on where it stopped, in small pieces, and gets all", { tags: ["slow"] }, async () => {
    await configure({ expiration: { days: 1 } });
    const bucketId = "(SELECT id FROM buckets)";
    await rig.rows(
      `INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, attributes, inline_body)
       SELECT ${bucketId}, printf('k%05d', n.value), 'id' || n.value, 1, 1, 0, '', ${rig.clock.now()}, 'STANDARD', '{}', '' FROM
       (WITH RECURSIVE t(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM t WHERE value < 5000) SELECT value FROM t) n`,
    );
    await pass(2 * DAY_MS - HOUR_MS);
    await rig.clock.advance(HOUR_MS);
    let left = await keys();
    for (let turns = 0; left.length > 0; turns++) {
      expect(turns).toBeLessThan(20);
      let asked = 0;
      const budget: Budget = { untilMs: 0, isSpent: () => ++asked > 3 };
      const result = await lifecycle.run(store, budget, cursor);
      cursor = result.cursor;
      const now = await keys();
      expect(left.length - now.length).toBeLessThanOrEqual(3_000);
      left = now;
    }
  });

  it("hands transitions to the port, the cheapest class that is due, and deletes instead what is due for that", {
    tags: ["slow"],
  }, async () => {
    const tasks: TransitionTask[] = [];
    const job = lifecycleJob({
      move: async (_store, task) => {
        tasks.push(task);
        return "moved";
      },
    });
    await write("large", { body: bodyOf(pattern(200_000)) });
    await write("small");
    await write("gone/large", { body: bodyOf(pattern(200_000)) });
    await configure(
      {
        transitions: [
          { days: 1, storageClass: "STANDARD_IA" },
          { days: 2, storageClass: "GLACIER_IR" },
        ],
      },
      { filter: { form: "one", prefix: "gone/" }, expiration: { days: 1 } },
    );
    await pass(2 * DAY_MS, job);
    expect(tasks.map(({ place, to }) => [place.key, to])).toEqual([["large", "STANDARD_IA"]]);
    await pass(DAY_MS, job);
    expect(tasks.at(-1)).toMatchObject({ to: "GLACIER_IR", storageClass: "STANDARD", table: "objects" });
  });

  it("moves what is left of a page with the next run, if time is over", { tags: ["slow"] }, async () => {
    for (const key of ["a", "b", "c"]) await write(key, { body: bodyOf(pattern(200_000)) });
    await configure({ transitions: [{ days: 1, storageClass: "GLACIER_IR" }] });
    await pass(2 * DAY_MS - HOUR_MS);
    await rig.clock.advance(HOUR_MS);
    const moved: string[] = [];
    const job = lifecycleJob({
      move: async (_store, { place, to }) => {
        moved.push(place.key);
        await rig.rows(`UPDATE objects SET storage_class = '${to}' WHERE key = '${place.key}'`);
        return "moved";
      },
    });
    for (let runs = 0; runs < 6; runs++) {
      const before = moved.length;
      const budget: Budget = { untilMs: 0, isSpent: () => moved.length > before };
      ({ cursor } = await job.run(store, budget, cursor));
    }
    expect(moved).toEqual(["a", "b", "c"]);
  });

  it("goes on with the last one of a page, if time was over within it", async () => {
    for (const key of ["a", "b"]) await write(key, { body: bodyOf(pattern(200_000)) });
    await configure({ transitions: [{ days: 1, storageClass: "GLACIER_IR" }] });
    await pass(2 * DAY_MS - HOUR_MS);
    await rig.clock.advance(HOUR_MS);
    const asked: string[] = [];
    const job = lifecycleJob({
      move: async (_store, { place, to }) => {
        asked.push(place.key);
        if (asked.length === 2) return "in-part";
        await rig.rows(`UPDATE objects SET storage_class = '${to}' WHERE key = '${place.key}'`);
        return "moved";
      },
    });
    const spent = () => asked.length === 2;
    let result = await job.run(store, { untilMs: 0, isSpent: spent }, cursor);
    expect([result.report.transitions, result.isUnfinished, asked]).toEqual([1, true, ["a", "b"]]);
    result = await job.run(store, ENDLESS, result.cursor);
    expect([result.report.transitions, result.isUnfinished, asked]).toEqual([1, false, ["a", "b", "b"]]);
  });

  it("that fails keeps no other bucket from its own, and goes on some minutes later", async () => {
    await createBucket(store, { name: "other", owner: "root", region: "us-east-1" });
    await write("good");
    await write("poison", { body: bodyOf(pattern(200_000)) });
    await configure(
      { transitions: [{ days: 1, storageClass: "GLACIER_IR" }] },
      { filter: { form: "one", prefix: "good" }, expiration: { days: 1 } },
    );
    await putObject(store, put("other", "b", pattern(9)));
    const rules = [rule({ expiration: { days: 1 } })];
    await rig.clock.advance(1000);
    await setLifecycle(store, "other", { rules, minimumSize: "all_storage_classes_128K" });
    await pass(2 * DAY_MS - HOUR_MS);
    await rig.clock.advance(HOUR_MS);
    let isBroken = true;
    const job = lifecycleJob({
      move: async () => {
        if (isBroken) throw new Error("no such kind");
        return "moved";
      },
    });
    const first = await job.run(store, ENDLESS, cursor);
    expect(first.failures?.map(String)).toEqual([`Error: lifecycle of bucket ${rig.bucket}: Error: no such kind`]);
    expect(first.cursor).toEqual({ clock: { seenMs: rig.clock.now(), hold: null } });
    expect(await keys()).toEqual(["good", "poison"]);
    isBroken = false;
    expect(await job.run(store, ENDLESS, first.cursor)).toMatchObject({ report: { walks: 0 }, failures: [] });
    await rig.clock.advance(5 * MINUTE_MS);
    const later = await job.run(store, ENDLESS, first.cursor);
    expect(later).toMatchObject({ report: { transitions: 1, expiredObjects: 1 }, failures: [] });
    expect(await keys()).toEqual(["poison"]);
  });

  it("of a bucket that is deleted ends with it", async () => {
    await configure({ expiration: { days: 1 } });
    await store.metadata.buckets.delete(rig.bucket, rig.clock.now());
    expect(await rig.rows("SELECT * FROM lifecycles")).toEqual([]);
    expect(await pass(DAY_MS)).toMatchObject({ walks: 0 });
  });
});
