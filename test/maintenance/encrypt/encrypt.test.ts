import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pack } from "../../../src/maintenance/collect/pack.ts";
import { encrypt, encryptBucket } from "../../../src/maintenance/encrypt/encrypt.ts";
import type { Budget } from "../../../src/maintenance/run/job.ts";
import { noSealing } from "../../../src/sealing/sealing.ts";
import { openAnnotation, putAnnotation } from "../../../src/store/annotations/annotations.ts";
import { createBucket, setVersioning } from "../../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../../src/store/context.ts";
import { deleteObject } from "../../../src/store/delete/delete.ts";
import { completeUpload } from "../../../src/store/multipart/complete-upload.ts";
import { uploadPart } from "../../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../../src/store/multipart/uploads.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import { withMetadata } from "../../../src/store/translate-metadata.ts";
import { appendObject } from "../../../src/store/write/append.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { testDataKeys } from "../../support/data-keys.ts";
import { failEachCall, STRIKES } from "../../support/fail-each-call.ts";
import { inEveryOrder, turnedD1 } from "../../support/interleave.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { collectAll, expectExactReferences } from "../../support/references.ts";
import { sealed } from "../../support/sealing.ts";
import { bodyOf, buildStore, NO_ATTRIBUTES, openTestStore, put, readAll, type TestStore } from "../../support/store.ts";

const HOUR_MS = 3_600_000;
const bucket = "old";
/** What no drive and no row may hold in the end. */
const MARK = "the patient's name";
const text = (bytes: number, seed: number) =>
  Buffer.from(`${seed} ${MARK}, `.repeat(Math.ceil(bytes / 20)).slice(0, bytes));
const settings = { inlineBytesMax: 512, smallBytesMax: 2048, partBytesMin: 1 };
const endless: Budget = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };

let clock: ManualClock;
let rig: TestStore;
/** As in an installation without root keys. */
let plain: StoreContext;
let bodies: Map<string, Uint8Array>;
beforeEach(async () => {
  clock = new ManualClock(Date.now());
  rig = await openTestStore({ clock, settings, sealing: { ...sealed, dataKeys: testDataKeys() } });
  plain = { ...rig.store, sealing: noSealing };
  bodies = new Map();
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

async function write(key: string, bytes: Uint8Array, store = plain): Promise<void> {
  await putObject(store, put(bucket, key, bytes));
  bodies.set(key, bytes);
}

async function writeParts(key: string, parts: readonly Uint8Array[]): Promise<void> {
  const upload = { bucket, key, owner: "root", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };
  const { uploadId } = await createUpload(plain, upload);
  const done = [];
  for (const [index, bytes] of parts.entries()) {
    const part = { bucket, key, uploadId, partNumber: index + 1, body: () => bodyOf(bytes) };
    done.push({ partNumber: index + 1, etag: (await uploadPart(plain, part)).etag });
  }
  await completeUpload(plain, { bucket, key, uploadId, parts: done });
  bodies.set(key, Buffer.concat(parts));
}

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

const start = async () => {
  const { id } = (await rig.store.metadata.buckets.find(bucket)) as { id: number };
  await rig.store.metadata.encrypting.start(id, `run-${clock.now()}`, clock.now());
  return (await rig.store.metadata.encrypting.find(id)) as NonNullable<Awaited<ReturnType<typeof find>>>;
};
const find = async () => {
  const { id } = (await rig.store.metadata.buckets.find(bucket)) as { id: number };
  return rig.store.metadata.encrypting.find(id);
};

async function expectReadable(): Promise<void> {
  for (const [key, bytes] of bodies) {
    const { head, read } = await openObject(rig.store, { bucket, key });
    const found = await readAll(await read({ offset: 0, length: head.sizeBytes }));
    expect([key, Buffer.compare(found, bytes)]).toEqual([key, 0]);
  }
}

/** Everything that clients are told of versions. */
const told = () =>
  Promise.all(
    ["objects", "versions"].map((table) =>
      rows(`SELECT key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, checksum, tags, retain_until_ms, retain_mode,
        legal_hold, event_hold, parts, annotations, json_remove(attributes, '$.encryption') AS attributes FROM ${table}`),
    ),
  );
const plainVersions = async () =>
  (
    await rows<{ key: string }>(`SELECT key FROM objects WHERE attributes ->> '$.encryption' IS NULL
      UNION ALL SELECT key FROM versions WHERE is_marker = 0 AND attributes ->> '$.encryption' IS NULL
      UNION ALL SELECT name FROM annotations WHERE layers = 0`)
  ).map(({ key }) => key);

async function append(bytes: Uint8Array, key = "appended", store = plain): Promise<void> {
  const { body, ...created } = put(bucket, key, bytes);
  await appendObject(store, { bucket, key, offset: 4_000, body: () => body, created });
}

/** One of every form in which bytes are kept. */
async function fill(): Promise<void> {
  for (let n = 0; n < 20; n++) await write(`packed/${n}`, text(100 + n, n));
  await clock.advance(2 * HOUR_MS);
  expect((await pack.run(plain, endless, null)).report.packedObjects).toBe(20);
  await write("empty", new Uint8Array(0));
  await write("inline", text(300, 30));
  await write("copies", text(1_500, 31));
  await write("large", text(300_000, 32));
  await writeParts("parts", [text(5_000, 33), text(700, 34), text(9_000, 35)]);
  await write("appended", text(4_000, 36));
  await append(text(100, 37));
  bodies.set("appended", Buffer.concat([text(4_000, 36), text(100, 37)]));
  for (const size of [300, 3_000]) {
    const annotation = { name: `note-${size}`, body: bodyOf(text(size, size)), bypassGovernance: false };
    await putAnnotation(plain, { bucket, key: "large" }, annotation);
  }
  await setVersioning(rig.store, bucket, "enabled");
  for (const seed of [40, 41, 42]) await write("versions", text(2_500, seed));
  await putObject(plain, { ...put(bucket, "locked", text(2_500, 43)), tags: [["colour", "red"]] });
  await rows(`UPDATE objects SET retain_until_ms = ${clock.now() + HOUR_MS}, retain_mode = 'COMPLIANCE', legal_hold = 1
    WHERE key = 'locked' RETURNING key`);
  bodies.set("locked", text(2_500, 43));
  await write("hidden", text(2_500, 44));
  await deleteObject(rig.store, { bucket, key: "hidden" });
  bodies.delete("hidden");
  await write("sealed", text(2_500, 45), rig.store);
}

describe("encrypting a bucket", () => {
  test("leaves nothing plain, and changes nothing that clients are told", { tags: ["slow"] }, async () => {
    await fill();
    const before = await told();
    const count = (await plainVersions()).length;
    await start();
    const { report } = await encrypt.run(rig.store, endless, null);
    expect(report).toEqual({ versionsEncrypted: count - 2, annotationsEncrypted: 2, encryptionsFailed: 0 });
    expect(await find()).toMatchObject({ state: "done", progress: { passes: 2, failed: 0, failure: null } });
    expect(await plainVersions()).toEqual([]);
    expect(await told()).toEqual(before);
    await expectReadable();
    const { read } = await openObject(rig.store, { bucket, key: "parts", hint: { partNumber: 2 } });
    expect(Buffer.from(await readAll(await read({ offset: 5_000, length: 700 }))).equals(text(700, 34))).toBe(true);
    for (const size of [300, 3_000]) {
      const note = await openAnnotation(rig.store, { bucket, key: "large" }, `note-${size}`);
      expect(Buffer.from(await readAll(await note.read())).equals(text(size, size))).toBe(true);
    }
    await expectExactReferences(rig);
    await collectAll(rig);
    const shards = rig.drives.flatMap((drive) => [...drive.shards.values()]);
    expect(shards.length).toBeGreaterThan(50);
    expect(shards.filter((shard) => Buffer.from(shard).includes(MARK))).toEqual([]);
    await expectReadable();
  });

  test("counts a version that fails in a way that nobody has thought of, and goes on", { tags: ["slow"] }, async () => {
    for (let n = 0; n < 3; n++) await write(`k${n}`, text(700, n));
    await start();
    const { rewrites } = rig.store.metadata;
    const rewrite = rewrites.version.bind(rewrites);
    rewrites.version = async (change, nowMs) => {
      if (change.place.key === "k1") throw new TypeError("no such kind");
      return rewrite(change, nowMs);
    };
    const { report } = await encrypt.run(rig.store, endless, null);
    expect(report).toMatchObject({ versionsEncrypted: 2, encryptionsFailed: 1 });
    expect(await find()).toMatchObject({ state: "done", progress: { failure: "TypeError: no such kind: k1" } });
    expect((await plainVersions()).length).toBe(1);
    await expectReadable();
  });

  test("goes on after each version where a run's time is over, and stops where it is told to", async () => {
    for (let n = 0; n < 5; n++) await write(`k${n}`, text(300 + 500 * n, n));
    await start();
    for (let run = 1; run <= 5; run++) {
      let asked = 0;
      const brief = { untilMs: 0, isSpent: () => ++asked > 3 };
      expect(await encrypt.run(rig.store, brief, null)).toMatchObject({ isUnfinished: true });
      expect(await find()).toMatchObject({ state: "running", progress: { encryptedVersions: run } });
      expect((await plainVersions()).length).toBe(5 - run);
    }
    const run = await find();
    await rig.store.metadata.encrypting.stop(run?.bucketId as number, clock.now());
    await write("later", text(300, 9));
    expect((await encrypt.run(rig.store, endless, null)).report).toMatchObject({ versionsEncrypted: 0 });
    expect(await find()).toMatchObject({ state: "stopped", endedMs: clock.now() });
    await clock.advance(1);
    await start();
    expect((await encrypt.run(rig.store, endless, null)).report).toMatchObject({ versionsEncrypted: 1 });
    expect(await find()).toMatchObject({ state: "done" });
  });

  test("is done by one at a time", async () => {
    await write("k", text(300, 1));
    const run = await start();
    const nowMs = clock.now();
    expect(await rig.store.metadata.encrypting.claim(run, nowMs, nowMs + 1_000)).not.toBeNull();
    expect(await encryptBucket(rig.store, run, endless, { withKms: false })).toBeNull();
    await clock.advance(1_000);
    expect(await encryptBucket(rig.store, run, endless, { withKms: false })).toMatchObject({ state: "done" });
  });

  test("a reader that began before reads on to the end", { tags: ["slow"] }, async () => {
    await write("large", text(900_000, 1));
    const { head, read } = await openObject(rig.store, { bucket, key: "large" });
    const body = await read({ offset: 0, length: head.sizeBytes });
    const first = (await body.next()) as Uint8Array;
    await start();
    await encrypt.run(rig.store, endless, null);
    expect(await plainVersions()).toEqual([]);
    const rest = await readAll(body);
    expect(Buffer.concat([first, rest]).equals(text(900_000, 1))).toBe(true);
  });

  test("uses the bucket's key of the KMS where somebody who may use it calls, and no other way", async () => {
    await write("k", text(3_000, 1));
    const value = { rule: { form: "aws:kms", keyId: "arn:of-the-bucket", bucketKey: true } };
    await rig.store.metadata.buckets.setAccess(bucket, { part: "encryption", value, id: "another" });
    const run = await start();
    expect((await encrypt.run(rig.store, endless, null)).report).toMatchObject({ versionsEncrypted: 0 });
    const etag = (await told())[0];
    expect(await encryptBucket(rig.store, run, endless, { withKms: true })).toMatchObject({ state: "done" });
    const { head } = await openObject(rig.store, { bucket, key: "k" });
    expect(head.encryption).toMatchObject({ form: "aws:kms", keyArn: "arn:of-the-bucket", bucketKey: true });
    expect((await told())[0]).toEqual(etag);
    await expectReadable();
  });

  test("says what keeps it, and goes on when that is mended", async () => {
    for (const key of ["a", "b"]) await write(key, text(3_000, 1));
    await start();
    expect((await encrypt.run(plain, endless, null)).isUnfinished).toBe(false);
    expect(await find()).toMatchObject({
      state: "running",
      progress: { failed: 1, failure: "sealing-not-configured: a" },
    });
    await encrypt.run(rig.store, endless, null);
    expect(await find()).toMatchObject({ state: "done", progress: { encryptedVersions: 2, failed: 0, failure: null } });
  });

  test("leaves a version alone whose bytes are not those of its checksum", { tags: ["slow"] }, async () => {
    for (const key of ["bad", "good"]) await write(key, text(3_000, 1));
    await rig.d1.batch([
      rig.d1.prepare(`UPDATE objects SET checksum = json_set(checksum, '$.value', 'AAAAAAAAAAA=') WHERE key = 'bad'`),
    ]);
    await start();
    await encrypt.run(rig.store, endless, null);
    expect(await find()).toMatchObject({
      state: "done",
      progress: { encryptedVersions: 1, failed: 1, failure: "conflict: bad" },
    });
    expect(await plainVersions()).toEqual(["bad"]);
    await expectReadable();
  });
});

test.each(STRIKES)(
  "stopped at any call (%s), every version reads as it was, and the next run ends it",
  { tags: ["slow"] },
  async (strike) => {
    const forms = { inline: text(300, 1), copies: text(1_500, 2) };
    const operation = async (store: StoreContext) => {
      await withMetadata({ bucket }, () => encrypt.run(store, endless, null));
    };
    const prepare = async () => {
      for (const [key, bytes] of Object.entries(forms)) await write(key, bytes);
      await clock.advance(20 * 60_000);
      await start();
    };
    await prepare();
    const calls = await failEachCall({
      rig,
      settings,
      strike,
      operation,
      check: async () => {
        await expectReadable();
        await clock.advance(20 * 60_000);
        await encrypt.run(rig.store, endless, null);
        expect(await plainVersions()).toEqual([]);
        expect(await find()).toMatchObject({ state: "done" });
        await expectReadable();
        await expectExactReferences(rig);
        await prepare();
      },
    });
    expect(calls).toBeGreaterThan(15);
  },
);

test.each<[string, (store: StoreContext) => Promise<unknown>, Uint8Array | null]>([
  ["replaced", (store) => putObject(store, put(bucket, "k", text(3_000, 2))), text(3_000, 2)],
  ["removed", (store) => deleteObject(store, { bucket, key: "k" }), null],
  ["appended to", (store) => append(text(100, 3), "k", store), Buffer.concat([text(4_000, 1), text(100, 3)])],
])(
  "a version that is %s meanwhile is what became of it, in every order",
  { tags: ["slow"] },
  async (what, change, after) => {
    const orders = await inEveryOrder(async (turnstile) => {
      await write("k", text(4_000, 1));
      await clock.advance(1);
      await start();
      const storeOf = (actor: number, sealing = sealed) =>
        buildStore({
          ...rig,
          engine: rig.store.engine,
          settings,
          clock,
          sealing,
          d1: turnedD1(rig.d1, turnstile, actor),
        });
      return {
        actors: [() => encrypt.run(storeOf(0), endless, null), () => change(storeOf(1))],
        check: async ([, changed]) => {
          // The client of an append may have to repeat it; nobody else notices.
          const isRefused = changed?.status === "rejected";
          if (isRefused) expect(changed.reason).toMatchObject({ failure: { kind: "conflict" } });
          expect(isRefused && what !== "appended to").toBe(false);
          await encrypt.run(rig.store, endless, null);
          expect(await find()).toMatchObject({ state: "done", progress: { failed: 0 } });
          if (after) {
            bodies.set("k", isRefused ? text(4_000, 1) : after);
            await expectReadable();
            expect(await plainVersions()).toEqual([]);
          } else expect(await rows("SELECT * FROM objects")).toEqual([]);
          await expectExactReferences(rig);
        },
      };
    });
    expect(orders).toBeGreaterThan(5);
  },
);
