import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CheckStep, checkStore } from "../../../src/maintenance/check/check.ts";
import { reseal } from "../../../src/maintenance/reseal/reseal.ts";
import { Metadata } from "../../../src/metadata/metadata.ts";
import { rootSealer } from "../../../src/sealing/root-sealer.ts";
import type { Sealing } from "../../../src/sealing/sealing.ts";
import { createBucket, setVersioning } from "../../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../../src/store/context.ts";
import { uploadPart } from "../../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../../src/store/multipart/uploads.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed, TEST_ROOT_KEY } from "../../support/sealing.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const OBJECTS = 40;
const NEWER = "a newer root key of this test, which is long enough";
const random = (count: number) => new Uint8Array(randomBytes(count));
const sealing = (...keys: string[]): Sealing => ({ ...sealed, sealer: rootSealer(keys, random) });
const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };

const clock = new ManualClock();
let rig: TestStore;
let uploadId: string;
beforeEach(async () => {
  rig = await openTestStore({
    clock,
    settings: { inlineBytesMax: 512, partBytesMin: 1 },
    sealing: sealing(TEST_ROOT_KEY),
  });
  await createBucket(rig.store, { name: "bucket", owner: "o", region: "us-east-1" });
  await setVersioning(rig.store, "bucket", "enabled");
  for (let at = 0; at < OBJECTS; at++)
    await putObject(rig.store, put("bucket", `k${at % 30}`, pattern(300 + 10 * at, at)));
  const name = { bucket: "bucket", key: "upload" };
  const created = { ...name, owner: "o", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };
  ({ uploadId } = await createUpload(rig.store, created));
});
afterEach(() => rig.dispose());

const storeWith = (...keys: string[]): StoreContext => ({ ...rig.store, sealing: sealing(...keys) });

async function verify(store: StoreContext): Promise<CheckStep> {
  const sum: CheckStep = await checkStore(store, null, endless);
  return sum;
}

async function expectReadable(store: StoreContext): Promise<void> {
  for (let at = 10; at < OBJECTS; at++) {
    const { head, read } = await openObject(store, { bucket: "bucket", key: `k${at % 30}` });
    const bytes = await readAll(await read({ offset: 0, length: head.sizeBytes }));
    expect(Buffer.from(bytes).equals(pattern(300 + 10 * at, at))).toBe(true);
  }
}

test("all keys are sealed under the newest root key, and the older one can go", async () => {
  const both = storeWith(NEWER, TEST_ROOT_KEY);
  const blobs = await rows("SELECT * FROM blobs");
  expect((await verify(both)).counts.keysUnderOldRoot).toBe(OBJECTS + 1);
  const { report, cursor } = await reseal.run(both, endless, null);
  expect(report).toEqual({ keysResealed: OBJECTS + 1, keysUnreadable: 0 });
  expect((await verify(both)).counts.keysUnderOldRoot).toBe(0);
  await expectReadable(storeWith(NEWER));
  const part = { bucket: "bucket", key: "upload", uploadId, partNumber: 1, body: () => bodyOf(pattern(2000, 1)) };
  await uploadPart(storeWith(NEWER), part);
  // Not a byte was touched.
  expect(await rows("SELECT * FROM blobs")).toEqual(expect.arrayContaining(blobs));
  expect((await reseal.run(both, endless, cursor)).report).toEqual({ keysResealed: 0, keysUnreadable: 0 });
});

test("with one root key nothing is looked at", async () => {
  rig.takeCost();
  expect(await reseal.run(rig.store, endless, null)).toMatchObject({ cursor: null });
  expect(rig.takeCost().roundTrips).toBe(0);
});

test("keys under a root key that is not configured are counted, and verify names them", {
  tags: ["slow"],
}, async () => {
  const lost = storeWith(NEWER, "another root key, of no use for what is there");
  expect((await reseal.run(lost, endless, null)).report).toEqual({ keysResealed: 0, keysUnreadable: OBJECTS + 1 });
  const { findings } = await verify(lost);
  expect(findings.filter(({ kind }) => kind === "key-without-root")).toHaveLength(OBJECTS + 1);
  await expectReadable(rig.store);
});

test("a crash at any call leaves keys that open, and the next run finishes", { tags: ["slow"] }, async () => {
  const both = storeWith(NEWER, TEST_ROOT_KEY);
  for (let failing = 1; ; failing++) {
    let calls = 0;
    const d1 = {
      prepare: (sql: string) => rig.d1.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        // Before it is applied, and after: nobody is told of the latter either.
        if (++calls === failing) throw new Error("D1_ERROR: Network connection lost.");
        const answer = await rig.d1.batch(statements);
        if (calls === failing - 1) throw new Error("D1_ERROR: Network connection lost.");
        return answer;
      },
    } as unknown as D1Database;
    const crashing = { ...both, metadata: new Metadata(d1) };
    const failed = await reseal.run(crashing, endless, null).then(
      () => false,
      () => true,
    );
    await expectReadable(both);
    if (!failed) break;
    expect(failing).toBeLessThan(50);
  }
  await reseal.run(both, endless, null);
  await expectReadable(storeWith(NEWER));
});

async function rows(sql: string): Promise<unknown[]> {
  const [answer] = await rig.d1.batch([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}
