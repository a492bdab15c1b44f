import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pack } from "../../src/maintenance/collect/pack.ts";
import { noSealing } from "../../src/sealing/sealing.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { objectPlacement } from "../../src/store/placement/object-placement.ts";
import { headObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { sealed } from "../support/sealing.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

const bucket = "placed";
let rig: TestStore;
beforeEach(async () => {
  rig = await openTestStore({ settings: { inlineBytesMax: 512, smallBytesMax: 2048 } });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

const placement = (key: string, versionId?: string) =>
  objectPlacement(rig.store, { bucket, key, ...(versionId ? { versionId } : {}) });

describe("where an object lies", () => {
  test("in its row, if it is small", { tags: ["slow"] }, async () => {
    await putObject(rig.store, put(bucket, "inline", pattern(300)));
    expect(await placement("inline")).toEqual({
      ...{ sizeBytes: 300, inlineBytes: 300, drivesThatMayBeLost: null, blobs: [], truncated: false },
    });
  });

  test("on six drives, each with one shard, of which any two may be lost", { tags: ["slow"] }, async () => {
    await putObject(rig.store, put(bucket, "large", pattern(9_000)));
    rig.takeCost();
    const { blobs, ...rest } = await placement("large");
    expect(rig.takeCost().roundTrips).toBe(2);
    expect(rest).toEqual({ sizeBytes: 9_000, inlineBytes: 0, drivesThatMayBeLost: 2, truncated: false });
    expect(blobs).toHaveLength(1);
    const [blob] = blobs;
    expect(blob).toMatchObject({ k: 4, m: 2, objectBytes: 9_000, spareShards: 2, isPack: false });
    expect(new Set(blob?.shards.map(({ drive }) => drive)).size).toBe(6);
    for (const { state, cause, drive, domain, verifiedMs } of blob?.shards ?? []) {
      expect({ state, cause, domain, verifiedMs }).toEqual({
        state: "good",
        cause: null,
        domain: drive,
        verifiedMs: null,
      });
    }
  });

  test.each([
    ["plain", noSealing],
    ["encrypted", sealed],
  ])("in a pack with others, %s", async (_form, sealing) => {
    const store = { ...rig.store, sealing, settings: { ...rig.store.settings, packAgeSeconds: 0 } };
    for (let n = 0; n < 20; n++) await putObject(store, put(bucket, `small/${n}`, pattern(300, n)));
    await rig.store.clock.sleep(5);
    await pack.run(store, { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false }, null);
    const { blobs } = await placement("small/0");
    expect(blobs).toHaveLength(1);
    expect(blobs[0]).toMatchObject({ isPack: true });
    expect(blobs[0]?.objectBytes).toBeLessThan(blobs[0]?.sizeBytes ?? 0);
  });

  test("with what is known to be damaged, and what is only to move", async () => {
    await putObject(rig.store, put(bucket, "hurt", pattern(9_000)));
    const [{ id: blobId } = { id: "" }] = (await placement("hurt")).blobs;
    const damage = (shard: number, cause: "corrupt" | "absent" | "draining") => ({ blobId, shard, cause });
    const { blobs: table } = rig.store.metadata;
    await table.noteDamage([damage(0, "corrupt"), damage(3, "absent"), damage(4, "draining")], [], 1);
    const hurt = await placement("hurt");
    expect(hurt.drivesThatMayBeLost).toBe(0);
    expect(hurt.blobs[0]?.spareShards).toBe(0);
    expect(hurt.blobs[0]?.shards.map(({ state }) => state)).toEqual([
      ...["damaged", "good", "good", "missing", "good", "good"],
    ]);
    await table.noteDamage([damage(1, "absent")], [], 2);
    expect((await placement("hurt")).drivesThatMayBeLost).toBe(-1);
  });

  test("by version, and nowhere where there is none", async () => {
    await setVersioning(rig.store, bucket, "enabled");
    await putObject(rig.store, put(bucket, "key", pattern(9_000, 1)));
    const { versionId = "" } = await headObject(rig.store, { bucket, key: "key" });
    await putObject(rig.store, put(bucket, "key", pattern(300, 2)));
    expect((await placement("key", versionId)).sizeBytes).toBe(9_000);
    expect((await placement("key")).sizeBytes).toBe(300);
    await deleteObject(rig.store, { bucket, key: "key" });
    await expect(placement("key")).rejects.toMatchObject({ failure: { kind: "no-such-key" } });
    await expect(placement("key", "x")).rejects.toMatchObject({ failure: { kind: "no-such-version" } });
    await expect(objectPlacement(rig.store, { bucket: "none", key: "key" })).rejects.toMatchObject({
      failure: { kind: "no-such-bucket" },
    });
  });
});
