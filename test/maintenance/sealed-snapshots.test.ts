import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { type FoundManifest, findSnapshots, SnapshotPieces } from "../../src/maintenance/snapshots/find-snapshots.ts";
import { restoreMetadata } from "../../src/maintenance/snapshots/restore.ts";
import { type SnapshotCursor, snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { noSealing } from "../../src/sealing/sealing.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { sealed } from "../support/sealing.ts";
import { NO_ATTRIBUTES, openTestStore, pattern, type TestStore } from "../support/store.ts";
import { DAY_MS, ENDLESS, MaintenanceRig } from "./support/rig.ts";

let rig: MaintenanceRig;
let fresh: TestStore;
beforeEach(async () => {
  rig = await MaintenanceRig.open({ settings: { snapshotSeconds: 86_400, snapshotsKept: 9 } });
  fresh = await openTestStore({ clock: rig.clock });
  await rig.put("k", pattern(5_000, 1));
  const upload = { bucket: rig.bucket, key: "u", owner: "o", attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
  await createUpload(rig.store(), { ...upload, checksum: null });
});
afterEach(async () => {
  await rig.rig.dispose();
  await fresh.dispose();
});

const store = (): StoreContext => ({ ...rig.store(), sealing: sealed });
const plainStore = (): StoreContext => ({ ...rig.store(), sealing: noSealing });

async function take(from: StoreContext): Promise<FoundManifest> {
  await runJobs(from, [snapshot]);
  await rig.clock.advance(DAY_MS);
  return (await findSnapshots(store())).complete.at(-1) as FoundManifest;
}

function restore(snapshotId: string | null = null) {
  (rig.rig as { d1: D1Database }).d1 = fresh.d1;
  return restoreMetadata(store(), { snapshotId, budget: ENDLESS });
}

const allPieces = async (manifest: FoundManifest) => {
  const pieces = await SnapshotPieces.find(store(), manifest);
  return Promise.all(manifest.pieces.map((id) => pieces.read(id)));
};

describe("with a root key a restore", () => {
  test("takes the newest sealed snapshot, whatever lies on the drives besides", async () => {
    const own = await take(store());
    const other = await take(plainStore());
    expect([own.isSealed, other.isSealed, other.beganMs > own.beganMs]).toEqual([true, false, true]);
    expect(await restore()).toMatchObject({ state: "restored", snapshot: { id: own.id } });
  });

  test("takes one that is not sealed only by its id", { tags: ["slow"] }, async () => {
    const { id } = await take(plainStore());
    const refused = await restore();
    expect(refused).toMatchObject({ state: "refused" });
    expect(JSON.stringify(refused)).toContain(id);
    expect(await restore(id)).toMatchObject({ state: "restored", snapshot: { id } });
  });
});

describe("pieces of a sealed snapshot", () => {
  test("must be sealed", { tags: ["slow"] }, async () => {
    const manifest = await take(plainStore());
    expect(await allPieces(manifest)).toHaveLength(manifest.pieces.length);
    await expect(allPieces({ ...manifest, isSealed: true })).rejects.toThrow("is not sealed");
  });

  test("open at their own place alone", { tags: ["slow"] }, async () => {
    const manifest = await take(store());
    expect(manifest).toMatchObject({ version: 2, isSealed: true });
    expect(manifest.pieces.length).toBeGreaterThan(1);
    await allPieces(manifest);
    await expect(allPieces({ ...manifest, pieces: manifest.pieces.toReversed() })).rejects.toThrow("sealed under");
  });

  test("of a snapshot that an earlier version began are read as ever", { tags: ["slow"] }, async () => {
    const taking = {
      id: "01M86PTPG4PCS7FDF3RM3ZTJRA",
      beganMs: rig.clock.now(),
      pieces: [],
      bucketsFrom: null,
      rows: {},
    };
    const place = { table: "uploads", after: null } as const;
    const cursor: SnapshotCursor = { heldSinceMs: null, taking: { ...taking, place }, kept: [], doomed: [] };
    await snapshot.run(store(), ENDLESS, cursor);
    const manifest = (await findSnapshots(store())).complete.at(-1) as FoundManifest;
    expect(manifest).toMatchObject({ version: 1, isSealed: true });
    await allPieces(manifest);
    expect(await restore()).toMatchObject({ state: "restored", snapshot: { id: manifest.id } });
  });
});
