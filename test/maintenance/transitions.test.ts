import { afterEach, beforeEach, expect, it } from "vitest";
import { lifecycle } from "../../src/maintenance/lifecycle/lifecycle.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { setLifecycle } from "../../src/store/buckets/lifecycle.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

const HOUR_MS = 3600 * 1000;
const ENDLESS = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
const bytes = pattern(200_000);

let clock: ManualClock;
let rig: TestStore;
beforeEach(async () => {
  clock = new ManualClock();
  const settings = {
    smallBytesMax: 4096,
    storageClasses: {
      STANDARD: { k: 2, m: 1, drives: ["drive-1", "drive-2", "drive-3"] },
      GLACIER_IR: { k: 2, m: 1, drives: ["drive-4", "drive-5", "drive-6"] },
    },
  };
  rig = await openTestStore({ clock, settings });
  await createBucket(rig.store, { name: "bucket", owner: "o", region: "us-east-1" });
});
afterEach(() => rig.dispose());

it("a lifecycle rule moves bytes to the drives of its class, and nothing else is seen of it", async () => {
  const put1 = await putObject(rig.store, put("bucket", "key", bytes));
  const rules = [
    {
      id: "r",
      enabled: true,
      filter: { form: "one" as const },
      transitions: [{ days: 1, storageClass: "GLACIER_IR" as const }],
    },
  ];
  await setLifecycle(rig.store, "bucket", { rules, minimumSize: "all_storage_classes_128K" });
  let cursor: unknown = null;
  let transitions = 0;
  for (let hours = 0; hours < 49; hours++) {
    const { report, cursor: next } = await lifecycle.run(rig.store, ENDLESS, cursor);
    cursor = next;
    transitions += report.transitions ?? 0;
    await clock.advance(HOUR_MS);
  }
  expect(transitions).toBe(1);
  const { head, read } = await openObject(rig.store, { bucket: "bucket", key: "key" });
  expect(head).toMatchObject({ storageClass: "GLACIER_IR", etag: put1.etag, modifiedMs: put1.modifiedMs, id: put1.id });
  const found = await readAll(await read({ offset: 0, length: bytes.length }));
  expect(Buffer.compare(found, bytes)).toBe(0);
  for (const { name, shards } of rig.drives.slice(3)) expect([name, shards.size]).toEqual([name, 1]);
});
