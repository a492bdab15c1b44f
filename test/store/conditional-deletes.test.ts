import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { type DeleteCondition, deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { StoreError } from "../../src/store/failure.ts";
import { headObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openTestStore, put, type TestStore } from "../support/store.ts";

const writtenMs = Date.UTC(2030, 0, 1, 0, 0, 0, 700);
let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ clock: new ManualClock(writtenMs) });
});
afterAll(() => rig.dispose());

let buckets = 0;
async function newBucket(versioning: "enabled" | "suspended" | null, { store } = rig): Promise<string> {
  const name = `bucket-${++buckets}`;
  await createBucket(store, { name, owner: "root", region: "us-east-1" });
  if (versioning) await setVersioning(store, name, versioning);
  return name;
}
async function exists(bucket: string, key: string): Promise<boolean> {
  try {
    await headObject(rig.store, { bucket, key });
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.failure.kind === "no-such-key") return false;
    throw error;
  }
}

const ETAG = "9dd4e461268c8034f5c8564e155c67a6"; // of "x"
const condition: fc.Arbitrary<DeleteCondition> = fc.record(
  {
    etag: fc.constantFrom(ETAG, "other", "*"),
    sizeBytes: fc.constantFrom(1, 2),
    modifiedSeconds: fc.constantFrom(Math.floor(writtenMs / 1000), 5),
  },
  { requiredKeys: [] },
);
const entry = fc.record({ present: fc.boolean(), condition });
const versioning = fc.constantFrom("enabled" as const, "suspended" as const, null);

describe("a deletion on a condition", () => {
  it("does in a list what it does alone", { tags: ["slow"] }, async () => {
    await fc.assert(
      fc.asyncProperty(versioning, fc.array(entry, { minLength: 1, maxLength: 8 }), async (rules, entries) => {
        const { store } = rig;
        const bucket = await newBucket(rules);
        const names = entries.map((_, at) => [`list/${at}`, `alone/${at}`] as const);
        for (const [at, { present }] of entries.entries()) {
          for (const key of present ? (names[at] ?? []) : [])
            await putObject(store, put(bucket, key, Buffer.from("x")));
        }
        const deletions = entries.map(({ condition }, at) => ({ key: names[at]?.[0] ?? "", condition }));
        const listed = await deleteObjects(store, { bucket, deletions });
        for (const [at, { condition }] of entries.entries()) {
          const [inList, alone] = names[at] as [string, string];
          const expected = await deleteObject(store, { bucket, key: alone, condition }).then(
            ({ deleteMarker }) => ({ deleteMarker, refusal: null }),
            (error: unknown) => {
              if (!(error instanceof StoreError)) throw error;
              const refusal = error.failure.kind === "precondition-failed" ? "unmet" : "absent";
              return { deleteMarker: false, refusal };
            },
          );
          expect(listed[at]).toMatchObject(expected);
          expect(await exists(bucket, inList)).toBe(await exists(bucket, alone));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("keeps what it deletes where the bucket has versions", async () => {
    const { store } = rig;
    const bucket = await newBucket("enabled");
    const { versionId = "" } = await putObject(store, put(bucket, "key", Buffer.from("x")));
    const [result] = await deleteObjects(store, { bucket, deletions: [{ key: "key", condition: { etag: ETAG } }] });
    const markerVersionId = result?.markerVersionId ?? "";
    expect((await headObject(store, { bucket, key: "key", versionId })).sizeBytes).toBe(1);
    await deleteObject(store, { bucket, key: "key", versionId: markerVersionId });
    expect((await headObject(store, { bucket, key: "key" })).versionId).toBe(versionId);
  });

  it("costs one round trip where the bucket is remembered, however many are listed", { tags: ["slow"] }, async () => {
    const counted = await openTestStore({ countsRows: true });
    const bucket = await newBucket("enabled", counted);
    const keys = Array.from({ length: 60 }, (_, at) => `key-${at}`);
    for (const key of keys) await putObject(counted.store, put(bucket, key, Buffer.from("x")));
    counted.takeCost();
    const deletions = keys.map((key) => ({ key, condition: { etag: ETAG, sizeBytes: 1 } }));
    const results = await deleteObjects(counted.store, { bucket, deletions });
    expect(results.every(({ refusal, deleteMarker }) => refusal === null && deleteMarker)).toBe(true);
    const { roundTrips, rowsRead, rowsWritten } = counted.takeCost();
    expect(roundTrips).toBe(1);
    expect(rowsWritten).toBeLessThanOrEqual(4 * keys.length);
    expect(rowsRead).toBeLessThanOrEqual(30 * keys.length);
    await counted.dispose();
  });
});
