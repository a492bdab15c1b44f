import { describe, expect, it } from "vitest";
import type { LifecycleRule } from "../../src/lifecycle/configuration.ts";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { pack } from "../../src/maintenance/collect/pack.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import { lifecycle } from "../../src/maintenance/lifecycle/lifecycle.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { walk } from "../../src/maintenance/walk/walk.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { setLifecycle } from "../../src/store/buckets/lifecycle.ts";
import { setNotifications } from "../../src/store/buckets/notifications.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { listVersions } from "../../src/store/read/list-versions.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putLegalHold, putRetention } from "../../src/store/write/amend.ts";
import { putObject } from "../../src/store/write/write.ts";
import { countersAndRecount } from "../support/recount.ts";
import { expectExactReferences } from "../support/references.ts";
import type { SqliteD1 } from "../support/sqlite-d1.ts";
import { bodyOf, NO_ATTRIBUTES, pattern, put, readAll } from "../support/store.ts";
import { DAY_MS, HOUR_MS, MaintenanceRig, MINUTE_MS } from "./support/rig.ts";
import { STOPS, stoppedStore, untilDeath } from "./support/stopped-store.ts";

// Expiry and transition, stopped: the Nth call to D1 or to a drive fails, or takes effect and fails all the same, or the process
// dies before it or right after it, for N = 1, 2, 3 … until a run gets through without meeting it. Right after each, every version
// that the rules keep is there, all versions have their bytes, and usage and references are exact. Once other runs have gone
// on, everything is as after a run that nothing stopped: nothing is left that is due, nothing was told of twice, and nothing
// lies on any drive that no row names.

const COLD = ["drive-7", "drive-8", "drive-9", "drive-10"];
const settings = {
  storageClasses: {
    STANDARD: { k: 4, m: 2, drives: ["drive-1", "drive-2", "drive-3", "drive-4", "drive-5", "drive-6"] },
    GLACIER_IR: { k: 2, m: 1, drives: COLD },
  },
};
const [INLINE, COPIES, LARGE] = [60, 700, 9_001];

/** A rig on which a scenario was prepared: its first run of lifecycle has everything to do. */
class Scene {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly rig: MaintenanceRig;
  readonly store: StoreContext;
  #seed = 0;

  constructor(rig: MaintenanceRig) {
    this.rig = rig;
    this.store = rig.store();
  }

  static async open(prepare: (scene: Scene) => Promise<void>): Promise<Scene> {
    const scene = new Scene(await MaintenanceRig.open({ drives: 10, settings }));
    await scene.rig.clock.advance(HOUR_MS);
    await prepare(scene);
    return scene;
  }

  /** A bucket of which somebody wants to know everything. */
  async bucket(
    name: string,
    versioning: "enabled" | "suspended" | null,
    rules: readonly Partial<LifecycleRule>[],
  ): Promise<void> {
    await createBucket(this.store, { name, owner: "root", region: "us-east-1", objectLock: versioning === "enabled" });
    if (versioning === "suspended") await setVersioning(this.store, name, "enabled");
    await setNotifications(this.store, name, { rules: [], eventBridge: false });
    await setLifecycle(this.store, name, {
      rules: rules.map((rule, at) => ({ id: `rule-${at}`, enabled: true, filter: { form: "one" }, ...rule })),
      minimumSize: "all_storage_classes_128K",
    });
  }

  async write(bucket: string, key: string, sizeBytes: number, more: object = {}): Promise<void> {
    const bytes = pattern(sizeBytes, ++this.#seed);
    const { etag } = await putObject(this.store, { ...put(bucket, key, bytes), ...more });
    this.#bytes.set(etag, bytes);
  }

  /** An object of two blobs. */
  async upload(bucket: string, key: string): Promise<void> {
    const { uploadId, bodies, parts } = await this.begin(bucket, key, 2);
    const { etag } = await completeUpload(this.store, { bucket, key, uploadId, parts });
    this.#bytes.set(etag, new Uint8Array(Buffer.concat(bodies)));
  }

  async begin(bucket: string, key: string, count: number) {
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", owner: "root", checksum: null };
    const { uploadId } = await createUpload(this.store, { bucket, key, ...created });
    const bodies = Array.from({ length: count }, () => pattern(LARGE, ++this.#seed));
    const parts: { partNumber: number; etag: string }[] = [];
    for (const [index, bytes] of bodies.entries()) {
      const part = { bucket, key, uploadId, partNumber: index + 1, body: () => bodyOf(bytes) };
      parts.push({ partNumber: index + 1, etag: (await uploadPart(this.store, part)).etag });
    }
    return { uploadId, bodies, parts };
  }

  /** The runs of the hours after a stop, and of the day after it. */
  async goOn(): Promise<void> {
    for (let runs = 0; runs < 3; runs++) {
      await this.rig.clock.advance(6 * MINUTE_MS);
      await runJobs(this.rig.store(), [lifecycle]);
    }
    await this.rig.clock.advance(DAY_MS);
    // The clock has to be believed again.
    for (let runs = 0; runs < 6; runs++) {
      await runJobs(this.rig.store(), [lifecycle]);
      await this.rig.clock.advance(10 * MINUTE_MS);
    }
  }

  /** Replaces shards that were not written, and lets the garbage go. */
  async sweep(): Promise<void> {
    for (let runs = 0; runs < 8; runs++) {
      await this.rig.clock.advance(12 * HOUR_MS);
      await runJobs(this.rig.store(), [heal, collect, walk]);
    }
  }

  /** What is there, without what chance decides: ids, times, sizes of shards. */
  async state() {
    const of = (table: string, columns: string) =>
      this.rig.rows<object>(
        `SELECT b.name, t.key, ${columns} FROM ${table} t JOIN buckets b ON b.id = t.bucket_id ORDER BY b.name, t.key, t.seq`,
      );
    return {
      objects: await of("objects", "t.etag, t.storage_class, t.is_null"),
      versions: await of("versions", "t.etag, t.storage_class, t.is_null, t.is_marker"),
      uploads: await this.rig.rows("SELECT key FROM uploads ORDER BY key"),
      parts: await this.rig.rows("SELECT count(*) AS n FROM parts"),
      news: await this.rig.rows(
        "SELECT b.name, o.key, o.event FROM outbox o JOIN buckets b USING (notification_id) ORDER BY b.name, o.key, o.event",
      ),
    };
  }

  /** Bucket, key and ETag of every version that is in a state. */
  static contents({ objects, versions }: Awaited<ReturnType<Scene["state"]>>): string[] {
    const rows = [...objects, ...versions] as { name: string; key: string; etag: string; is_marker?: number }[];
    return rows.filter(({ is_marker }) => is_marker !== 1).map(({ name, key, etag }) => `${name}/${key} ${etag}`);
  }

  /** Every version reads as it was written, and what is counted of versions and blobs is exact. */
  async expectExact(): Promise<void> {
    for (const { name } of await this.rig.rows<{ name: string }>("SELECT name FROM buckets")) {
      const query = { bucket: name, prefix: "", delimiter: "", after: { key: "" }, limit: 1000 };
      for (const entry of (await listVersions(this.store, query)).entries) {
        if (entry.kind === "prefix" || entry.isMarker) continue;
        const version = { bucket: name, key: entry.key, versionId: entry.versionId };
        const { head, read } = await openObject(this.rig.store(), version);
        const bytes = await readAll(await read({ offset: 0, length: head.sizeBytes }));
        const written = this.#bytes.get(head.etag);
        expect(written !== undefined && Buffer.compare(bytes, written) === 0, `${name}/${entry.key}`).toBe(true);
      }
    }
    const { kept, counted } = countersAndRecount((this.rig.rig.d1 as unknown as SqliteD1).database);
    expect(kept).toEqual(counted);
    await expectExactReferences(this.rig.rig);
  }
}

async function prepareExpiry(scene: Scene): Promise<void> {
  const { store, rig } = scene;
  await scene.bucket("plain", null, [
    { filter: { form: "one", prefix: "old/" }, expiration: { days: 1 } },
    { filter: { form: "one", tags: [["keep", "no"]] }, expiration: { days: 1 } },
    { filter: { form: "one", prefix: "up/" }, abortDays: 1 },
  ]);
  await scene.bucket("locked", "enabled", [
    { expiration: { days: 1 }, noncurrentExpiration: { days: 1, newer: 1 } },
    { expiration: { deleteMarker: true } },
  ]);
  await scene.bucket("suspended", "suspended", [{ expiration: { days: 1 }, noncurrentExpiration: { days: 1 } }]);
  await scene.write("suspended", `old/${LARGE}`, LARGE);
  await setVersioning(store, "suspended", "suspended");
  for (const size of [INLINE, COPIES, LARGE]) {
    await scene.write("plain", `old/${size}`, size);
    await scene.write("plain", `kept/${size}`, size);
    await scene.write("suspended", `old/${size}`, size);
  }
  await scene.write("plain", "tagged", LARGE, { tags: [["keep", "no"]] });
  await scene.begin("plain", "up/due", 2);
  await scene.begin("plain", "other/upload", 1);
  for (let versions = 0; versions < 3; versions++) {
    await scene.write("locked", "several", LARGE);
    await scene.write("locked", "held", LARGE);
    await putLegalHold(store, { bucket: "locked", key: "held" }, "ON");
    await scene.write("locked", "retained", LARGE);
    const retention = { mode: "COMPLIANCE" as const, untilMs: rig.clock.now() + 300 * DAY_MS };
    await putRetention(store, { bucket: "locked", key: "retained" }, { retention, bypassGovernance: false });
  }
  await deleteObject(store, { bucket: "locked", key: "lone" });
  await rig.clock.advance(60 * HOUR_MS);
  await scene.write("plain", "old/young", LARGE);
}

async function prepareTransition(scene: Scene): Promise<void> {
  const { store, rig } = scene;
  const filter = { form: "one" as const, prefix: "cold/", largerThan: 1 };
  const cold = { days: 1, storageClass: "GLACIER_IR" as const };
  await scene.bucket("tiers", "enabled", [{ filter, transitions: [cold], noncurrentTransitions: [cold] }]);
  // As many as it takes to be worth a pack.
  await scene.write("tiers", "cold/packed", INLINE);
  for (let n = 1; n < 16; n++) await scene.write("tiers", `warm/${n}`, INLINE);
  await scene.write("tiers", "cold/copies", COPIES);
  for (let versions = 0; versions < 2; versions++) {
    await scene.write("tiers", "cold/held", LARGE);
    await putLegalHold(store, { bucket: "tiers", key: "cold/held" }, "ON");
  }
  await scene.upload("tiers", "cold/two blobs");
  await rig.clock.advance(2 * HOUR_MS);
  await runJobs(store, [pack]);
  expect(await rig.rows("SELECT count(*) AS n FROM objects WHERE inline_body IS NOT NULL")).toEqual([{ n: 0 }]);
  await rig.clock.advance(60 * HOUR_MS);
  await scene.write("tiers", "cold/young", LARGE);
}

describe.each([
  ["expiry", prepareExpiry, { atLeast: 20, every: 1 }],
  // Of some 120 calls each is stopped in one or two of the four ways.
  ["a transition", prepareTransition, { atLeast: 60, every: 3 }],
] as const)("%s, of which the Nth call", (_, prepare, { atLeast, every }) => {
  it.each(STOPS)("does %s", { timeout: 600_000 }, async (stop) => {
    const whole = await Scene.open(prepare);
    await runJobs(whole.rig.store(), [lifecycle]);
    await whole.goOn();
    const wanted = await whole.state();
    await whole.sweep();
    const survivors = Scene.contents(wanted);
    await whole.rig.rig.dispose();

    let made = 0;
    for (let n = 1 + (STOPS.indexOf(stop) % every); made === 0; n += every) {
      const scene = await Scene.open(prepare);
      const stopped = stoppedStore(scene.rig, stop, n);
      await untilDeath(stopped, (store) => runJobs(store, [lifecycle]));
      await scene.expectExact();
      expect(Scene.contents(await scene.state()), `after call ${n}`).toEqual(expect.arrayContaining(survivors));
      await scene.goOn();
      expect(await scene.state(), `when all is done after call ${n}`).toEqual(wanted);
      await scene.sweep();
      await scene.expectExact();
      await scene.rig.expectAllShardsGood();
      expect(scene.rig.stored(), `what lies on drives, after call ${n}`).toEqual(await scene.rig.named());
      await scene.rig.rig.dispose();
      if (stopped.calls() < n) made = stopped.calls();
    }
    expect(made).toBeGreaterThan(atLeast);
  });
});
