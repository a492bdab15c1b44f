import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { pack } from "../../src/maintenance/collect/pack.ts";
import type { Budget } from "../../src/maintenance/run/job.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { findSnapshots } from "../../src/maintenance/snapshots/find-snapshots.ts";
import { type RestoreStep, restoreMetadata } from "../../src/maintenance/snapshots/restore.ts";
import { type SnapshotCursor, snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { usage } from "../../src/maintenance/usage/usage.ts";
import { walk } from "../../src/maintenance/walk/walk.ts";
import { ORDER, RESTORED_NOT, SNAPSHOT_TABLES } from "../../src/metadata/snapshots/snapshots.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { putObject } from "../../src/store/write/write.ts";
import { RECOUNT } from "../support/recount.ts";
import { bodyOf, buildStore, NO_ATTRIBUTES, openTestStore, pattern, put, type TestStore } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig } from "./support/rig.ts";

/** Each run does the least that it can. */
const SPENT: Budget = { untilMs: 0, isSpent: () => true };
const SETTINGS = { snapshotSeconds: 86_400, snapshotsKept: 2 };

let rig: MaintenanceRig;
const others: TestStore[] = [];
beforeEach(async () => {
  rig = await MaintenanceRig.open({ settings: SETTINGS });
});
afterEach(async () => {
  for (const other of [rig.rig, ...others.splice(0)]) await other.dispose();
});

/** Runs the job as cron does, under its lease, so that others see its cursor. */
const runSnapshot = () => runJobs(rig.store(), [snapshot]);

async function cursorOf(): Promise<SnapshotCursor> {
  const [row] = await rig.rows<{ cursor: string }>("SELECT cursor FROM jobs WHERE name = 'snapshot'");
  return JSON.parse(row?.cursor ?? "null");
}

/** The drives of the rig with a database that knows nothing of them. */
async function loseDatabase(): Promise<void> {
  const fresh = await openTestStore({ clock: rig.clock });
  others.push(fresh);
  (rig.rig as { d1: D1Database }).d1 = fresh.d1;
}

async function restore(options: { snapshotId?: string; budget?: Budget } = {}): Promise<RestoreStep> {
  for (let call = 0; call < 100; call++) {
    const step = await restoreMetadata(rig.store(), { snapshotId: null, budget: ENDLESS, ...options });
    if (step.state !== "going-on") return step;
  }
  throw new Error("it comes to no end");
}

const tables = ["buckets", "objects", "versions", "uploads", "parts", "blobs", "blob_refs"];
async function contents(): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of tables)
    all[table] = await rig.rows(`SELECT * FROM ${table} ORDER BY 1, 2${table === "versions" ? ", 4" : ""}`);
  return all;
}

/** One of everything that a store may hold. */
async function fillStore(): Promise<Map<string, Uint8Array>> {
  const bodies = new Map<string, Uint8Array>();
  const write = async (key: string, bytes: Uint8Array) => {
    bodies.set(key, bytes);
    await rig.putBytes(key, bytes);
  };
  for (let n = 0; n < 20; n++) await write(`packed/${n}`, pattern(40 + n, n + 1));
  await rig.clock.advance(2 * HOUR_MS);
  await pack.run(rig.store(), ENDLESS, null);
  await write("inline", pattern(80, 50));
  await write("copies", pattern(900, 51));
  await write("large", pattern(3_000_000, 52));
  await write("empty", new Uint8Array(0));
  await write("ключ \u{1F511} \u0001", pattern(70, 53));
  const store = rig.store();
  await setVersioning(store, rig.bucket, "enabled");
  for (const seed of [60, 61, 62]) await write("many-versions", pattern(5_000, seed));
  await write("deleted", pattern(5_000, 63));
  await deleteObject(store, { bucket: rig.bucket, key: "deleted" });
  bodies.delete("deleted");
  const tags = [["colour", "red"]] as [string, string][];
  await putObject(store, { ...put(rig.bucket, "tagged", pattern(90, 64)), tags });
  bodies.set("tagged", pattern(90, 64));
  await createBucket(store, { name: "empty-one", owner: "root", region: "eu-west-1" });
  return bodies;
}

async function beginUpload(): Promise<void> {
  const upload = { bucket: rig.bucket, key: "big", owner: "root", attributes: NO_ATTRIBUTES };
  const { uploadId } = await createUpload(rig.store(), { ...upload, storageClass: "STANDARD", checksum: null });
  for (const partNumber of [1, 2]) {
    const name = { bucket: rig.bucket, key: "big", uploadId, partNumber };
    await uploadPart(rig.store(), { ...name, body: () => bodyOf(pattern(4_000, partNumber)) });
  }
}

describe("a snapshot", () => {
  it("reads every table that it names", () => {
    expect([...ORDER, "versions"].sort()).toEqual(Object.keys(SNAPSHOT_TABLES).sort());
  });

  it("names every column, or says why not", async () => {
    for (const [table, { columns }] of Object.entries(SNAPSHOT_TABLES)) {
      const found = await rig.rows<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`);
      const left = found.map(({ name }) => name).filter((name) => !(columns as readonly string[]).includes(name));
      expect([table, left]).toEqual([table, RESTORED_NOT[table] ?? []]);
    }
    const all = await rig.rows<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    const rest = ["blob_refs", "trash", "damage", "guard", "jobs", "identity", "drives", "drive_losses"];
    // Queues are restored empty: what a message of yesterday asks for may have been done long ago.
    rest.push("deleted_queues", "messages", "message_groups", "message_sequences", "message_deduplications");
    rest.push("receive_attempts", "message_moves");
    // News that is on its way when a snapshot is taken will have arrived long before that is needed.
    rest.push("outbox", "undelivered", "publications", "deliveries", "topic_deduplications", "topic_sequences");
    rest.push("deleted_topics", "topic_failures");
    // Lines that wait to become objects: what a log lacks is told in docs/logging.md.
    rest.push("access_log_lines");
    // Usage is counted again.
    rest.push("usage", "quota_crossings");
    // Whoever wants a bucket encrypted starts it again.
    rest.push("bucket_encryptions");
    // Questions of Athena are asked again.
    rest.push("query_executions", "carried_queries");
    // The indexes of buckets are filled again.
    rest.push("search_values", "search_texts");
    expect(all.map(({ name }) => name).sort()).toEqual([...Object.keys(SNAPSHOT_TABLES), ...rest].sort());
  });

  it.each([
    ["at once", ENDLESS],
    ["a page a run", SPENT],
  ])("gives back every row and every byte (%s), two drives lost", async (_, budget) => {
    const bodies = await fillStore();
    await beginUpload();
    const before = await contents();
    let cursor: unknown = null;
    do {
      ({ cursor } = await snapshot.run(rig.store(), budget, cursor));
      // The manifest waits for time.
      if ((cursor as SnapshotCursor).taking?.place === null)
        ({ cursor } = await snapshot.run(rig.store(), ENDLESS, cursor));
    } while ((cursor as SnapshotCursor).taking !== null);
    await loseDatabase();
    for (const name of ["drive-2", "drive-5"]) rig.drive(name).shards.clear();
    expect(await restore({ budget })).toMatchObject({ state: "restored", lostReferences: 0 });
    expect(await contents()).toEqual(before);
    for (const [key, bytes] of bodies) await rig.expectBytes(key, bytes);
    await usage.run(rig.store(), ENDLESS, null);
    const kept = await rig.rows("SELECT bucket_id, bytes, versions, objects, markers FROM usage ORDER BY bucket_id");
    expect(kept).toEqual(await rig.rows(RECOUNT));
  });

  it("is taken once in its time, and as many are kept as are wanted", async () => {
    await rig.put("k", pattern(5_000, 1));
    const ids: string[] = [];
    for (let day = 0; day < 4; day++) {
      expect((await runSnapshot()).get("snapshot")).toMatchObject({ snapshots: 1 });
      expect((await runSnapshot()).get("snapshot")).toMatchObject({ snapshots: 0, snapshotRows: 0 });
      ids.push((await cursorOf()).kept.at(-1)?.id as string);
      await rig.clock.advance(DAY_MS);
    }
    const { complete, incomplete } = await findSnapshots(rig.store());
    expect(complete.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(incomplete).toEqual([]);
  });

  it("keeps a drive's turn for it until the drive answers", async () => {
    await rig.put("k", pattern(5_000, 1));
    for (let day = 0; day < 3; day++) {
      rig.plan = ({ drive, kind }) =>
        day === 2 && drive === "drive-1" && kind === "list" ? { kind: "fail", fault: "unreachable" } : null;
      await runSnapshot();
      await rig.clock.advance(DAY_MS);
    }
    expect((await cursorOf()).doomed).toHaveLength(1);
    rig.plan = () => null;
    await runSnapshot();
    expect((await cursorOf()).doomed).toEqual([]);
  });

  it("is nothing for a database without buckets, and those of another database are left alone", async () => {
    await rig.put("k", pattern(5_000, 1));
    await runSnapshot();
    const [first] = (await findSnapshots(rig.store())).complete;
    await loseDatabase();
    for (let day = 0; day < 5; day++) {
      await runSnapshot();
      await rig.clock.advance(DAY_MS);
    }
    expect((await findSnapshots(rig.store())).complete).toEqual([first]);
    await createBucket(rig.store(), { name: "a-new-one", owner: "root", region: "us-east-1" });
    for (let day = 0; day < 5; day++) {
      await runSnapshot();
      await rig.clock.advance(DAY_MS);
    }
    const { complete } = await findSnapshots(rig.store());
    expect(complete).toHaveLength(1 + SETTINGS.snapshotsKept);
    expect(complete[0]).toEqual(first);
  });

  it("goes on after a run that failed, and leaves nothing behind", async () => {
    await fillStore();
    for (let call = 0; ; call++) {
      let calls = 0;
      // Three drives, so that the piece cannot be written.
      rig.plan = ({ kind }) => {
        if (kind !== "close") return null;
        const isStruck = calls >= call && calls < call + 3;
        calls += 1;
        return isStruck ? { kind: "fail", fault: "unreachable" } : null;
      };
      await runSnapshot().catch(() => {});
      rig.plan = () => null;
      await runSnapshot();
      await rig.clock.advance(DAY_MS);
      if (calls <= call) break;
    }
    const { complete, incomplete } = await findSnapshots(rig.store());
    expect(complete).toHaveLength(SETTINGS.snapshotsKept);
    expect(incomplete).toEqual([]);
  });

  it("holds what it names: the collector and the walk wait for the next one", async () => {
    const bytes = pattern(5_000, 1);
    await rig.put("k", bytes);
    const blob = (await rig.blobs())[0]!;
    await rig.clock.advance(1);
    await runSnapshot();
    await deleteObject(rig.store(), { bucket: rig.bucket, key: "k" });
    const work = async () => {
      await collect.run(rig.store(), ENDLESS, null);
      await walk.run(rig.store(), ENDLESS, null);
    };
    await rig.clock.advance(10 * DAY_MS);
    await work();
    expect(rig.shard(blob, 0)).toBeDefined();
    const lost = rig.rig.d1;
    await loseDatabase();
    expect(await restore()).toMatchObject({ state: "restored" });
    await rig.expectBytes("k", bytes);
    (rig.rig as { d1: D1Database }).d1 = lost;
    await runSnapshot();
    await work();
    expect(rig.shard(blob, 0)).toBeUndefined();
  });

  it("does not hold where snapshots are off", async () => {
    const blob = await rig.put("k", pattern(5_000, 1));
    await rig.clock.advance(1);
    await runSnapshot();
    await deleteObject(rig.store(), { bucket: rig.bucket, key: "k" });
    await rig.clock.advance(2 * DAY_MS);
    await collect.run(rig.store({ settings: { snapshotSeconds: 0 } }), ENDLESS, null);
    expect(rig.shard(blob, 0)).toBeUndefined();
  });
});

describe("while it is read", () => {
  it("every key stays whole: what was there all the time is in it, whatever becomes current meanwhile", {
    tags: ["slow"],
  }, async () => {
    const store = rig.store();
    await setVersioning(store, rig.bucket, "enabled");
    // More than a page of keys, each with an old version and a new one; "m" has more versions than a page.
    const key = (n: number) => `k/${String(n).padStart(4, "0")}`;
    for (let n = 0; n < 620; n++) for (const seed of [1, 2]) await rig.putBytes(key(n), pattern(20, n * 2 + seed));
    for (let n = 0; n < 1_100; n++) await rig.putBytes("m", pattern(20, n + 1));
    const before = await rig.rows<{ id: string; key: string }>("SELECT id, key FROM versions");
    let cursor: unknown = null;
    let removed = 0;
    do {
      ({ cursor } = await snapshot.run(rig.store(), SPENT, cursor));
      // The newest version of every ninth key goes permanently, so that the old one becomes current.
      for (let n = 0; n < 620; n += 9, removed++) {
        const versionId = (
          await rig.rows<{ id: string; seq: number }>(
            `SELECT id, seq FROM objects WHERE key = '${key(n)}' AND EXISTS (SELECT 1 FROM versions v WHERE v.key = objects.key)`,
          )
        )[0];
        if (versionId) await removeVersion(key(n), versionId);
      }
      for (let n = 1; n < 620; n += 9) await rig.putBytes(key(n), pattern(20, 9_000 + n));
    } while ((cursor as SnapshotCursor).taking?.place != null);
    ({ cursor } = await snapshot.run(rig.store(), ENDLESS, cursor));
    expect(removed).toBeGreaterThan(200);
    await loseDatabase();
    expect(await restore()).toMatchObject({ state: "restored", lostReferences: 0 });
    const after = await rig.rows<{ id: string }>("SELECT id FROM objects UNION ALL SELECT id FROM versions");
    const ids = new Set(after.map(({ id }) => id));
    expect(ids.size).toBe(after.length);
    // All that were versions before are there, current or not: nothing removed them.
    expect(before.filter(({ id }) => !ids.has(id))).toEqual([]);
  });

  it("an upload that is completed meanwhile is an upload or an object, and never lost", async () => {
    await beginUpload();
    await rig.putBytes("other", pattern(5_000, 9));
    const { completeUpload } = await import("../../src/store/multipart/complete-upload.ts");
    const [upload] = await rig.rows<{ id: string }>("SELECT id FROM uploads");
    const parts = await rig.rows<{ partNumber: number; etag: string }>(
      `SELECT part_number AS "partNumber", etag FROM parts ORDER BY part_number`,
    );
    let { cursor } = await snapshot.run(rig.store(), SPENT, null);
    for (let run = 0; run < 2; run++) ({ cursor } = await snapshot.run(rig.store(), SPENT, cursor));
    expect((cursor as SnapshotCursor).taking?.rows).toEqual({ uploads: 1, parts: 2 });
    await completeUpload(rig.store(), { bucket: rig.bucket, key: "big", uploadId: upload?.id as string, parts });
    ({ cursor } = await snapshot.run(rig.store(), ENDLESS, cursor));
    await loseDatabase();
    await restore();
    expect(await rig.rows("SELECT id FROM uploads")).toEqual([]);
    const whole = new Uint8Array(Buffer.concat([pattern(4_000, 1), pattern(4_000, 2)]));
    await rig.expectBytes("big", whole);
    await rig.clock.advance(30 * DAY_MS);
    for (let run = 0; run < 3; run++) await runJobs(rig.store());
    await rig.expectBytes("big", whole);
  });
});

async function removeVersion(key: string, { id, seq }: { id: string; seq: number }): Promise<void> {
  const { formatVersionId } = await import("../../src/store/version-id.ts");
  const versionId = formatVersionId({ seq, id, isNull: false });
  await deleteObject(rig.store(), { bucket: rig.bucket, key, versionId });
}

describe("a restore", () => {
  it("is refused where the database is not empty, or there is no such snapshot", async () => {
    await rig.put("k", pattern(5_000, 1));
    await runSnapshot();
    expect(await restore()).toMatchObject({ state: "refused", reason: expect.stringContaining("not empty") });
    await loseDatabase();
    expect(await restore({ snapshotId: "01M86PTPG4PCS7FDF3RM3ZTJRA" })).toMatchObject({ state: "refused" });
    for (const drive of rig.rig.drives) drive.shards.clear();
    expect(await restore()).toMatchObject({ state: "refused", reason: expect.stringContaining("no whole snapshot") });
  });

  it("takes the one that is asked for, and passes over one that was not finished", async () => {
    await rig.putBytes("k", pattern(50, 1));
    await runSnapshot();
    const first = (await cursorOf()).kept[0]?.id as string;
    await rig.clock.advance(DAY_MS);
    await rig.putBytes("k", pattern(50, 2));
    await runSnapshot();
    await rig.clock.advance(DAY_MS);
    await snapshot.run(rig.store(), SPENT, await cursorOf());
    await loseDatabase();
    expect(await restore({ snapshotId: first })).toMatchObject({ state: "restored", snapshot: { id: first } });
    await rig.expectBytes("k", pattern(50, 1));
    await loseDatabase();
    await restore();
    await rig.expectBytes("k", pattern(50, 2));
  });

  it("lets no job run before it is done, then lets them: shards that only the lost database knew stay", {
    tags: ["slow"],
  }, async () => {
    await rig.put("k", pattern(5_000, 1));
    await runSnapshot();
    await rig.clock.advance(HOUR_MS);
    const later = await rig.put("later", pattern(5_000, 2));
    await loseDatabase();
    expect(await restoreMetadata(rig.store(), { snapshotId: null, budget: SPENT })).toMatchObject({
      state: "going-on",
    });
    expect([...(await runJobs(rig.store())).keys()]).toEqual([]);
    await restore();
    for (let day = 0; day < 5; day++) {
      await rig.clock.advance(DAY_MS);
      expect((await runJobs(rig.store())).get("walk")).toMatchObject({ deletedShards: 0 });
    }
    expect(rig.shard(later, 0)).toBeDefined();
    // The snapshots of the lost database are this one's, and go as they get old.
    expect((await findSnapshots(rig.store())).complete).toHaveLength(SETTINGS.snapshotsKept);
  });

  it("may be stopped at any call and repeated", { tags: ["slow"] }, async () => {
    const bodies = await fillStore();
    const before = await contents();
    await runSnapshot();
    for (let n = 0; ; n++) {
      await loseDatabase();
      let calls = 0;
      const broken = buildStore({
        drives: rig.rig.drives,
        engine: rig.rig.store.engine,
        clock: rig.clock,
        settings: rig.rig.store.settings,
        d1: rig.rig.d1,
        decorateD1: (d1) =>
          new Proxy(d1, {
            get(target, name) {
              if (name !== "batch") return Reflect.get(target, name).bind(target);
              return async (statements: D1PreparedStatement[]) => {
                const results = await target.batch(statements);
                if (calls++ === n) throw new Error("D1_ERROR: Network connection lost.");
                return results;
              };
            },
          }),
      });
      await restoreMetadata(broken, { snapshotId: null, budget: ENDLESS }).catch(() => {});
      await rig.clock.advance(HOUR_MS);
      // The answer of the last call may be what was lost: then it is done.
      const step = await restore();
      if (step.state === "refused") expect(step.reason).toContain("not empty");
      expect(await contents()).toEqual(before);
      if (calls <= n) break;
    }
    for (const [key, bytes] of bodies) await rig.expectBytes(key, bytes);
  });
});
