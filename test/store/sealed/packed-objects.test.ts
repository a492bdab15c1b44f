import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { collect } from "../../../src/maintenance/collect/collect.ts";
import { pack } from "../../../src/maintenance/collect/pack.ts";
import { heal } from "../../../src/maintenance/heal/heal.ts";
import type { Job } from "../../../src/maintenance/run/job.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import { deleteObjects } from "../../../src/store/delete/delete.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import type { EncryptionRequest } from "../../../src/store/sealed/encryption.ts";
import { geometryOfClass } from "../../../src/store/settings.ts";
import { appendObject } from "../../../src/store/write/append.ts";
import { blobBytesMax, plainBytesMax } from "../../../src/store/write/blob-layouts.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { testDataKeys } from "../../support/data-keys.ts";
import { forgeFrame } from "../../support/forge-frame.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed } from "../../support/sealing.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const bucket = "packs";
const DAY_MS = 24 * 3600 * 1000;
const ENDLESS = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
const KMS: EncryptionRequest = { form: "aws:kms", keyId: null, context: {}, bucketKey: null };
const FORMS: EncryptionRequest[] = [{ form: "AES256" }, KMS];

let clock: ManualClock;
let rig: TestStore;
beforeEach(async () => {
  clock = new ManualClock();
  const settings = { inlineBytesMax: 512, smallBytesMax: 4096, packAgeSeconds: 0, graceSeconds: 10 };
  rig = await openTestStore({ clock, settings, sealing: { ...sealed, dataKeys: testDataKeys() } });
  await createBucket(rig.store, { name: bucket, owner: "o", region: "us-east-1" });
});
afterEach(() => rig.dispose());

async function run(job: Job): Promise<void> {
  await clock.advance(10 * DAY_MS);
  let cursor: unknown = null;
  do cursor = (await job.run(rig.store, ENDLESS, cursor)).cursor;
  while (cursor !== null);
}

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

async function read(key: string, last?: number): Promise<Buffer> {
  const { head, read: open } = await openObject(rig.store, { bucket, key });
  const length = last ?? head.sizeBytes;
  return Buffer.from(await readAll(await open({ offset: head.sizeBytes - length, length })));
}

const geometryOf = () => geometryOfClass(rig.store.settings, "STANDARD");
const bytesOf = (n: number) => pattern(100 + n, n);
const keyOf = (n: number) => String(n).padStart(2, "0");

/** Sixty objects in one pack. */
async function putPacked(encryption: EncryptionRequest): Promise<string> {
  for (let n = 0; n < 60; n++) await putObject(rig.store, { ...put(bucket, keyOf(n), bytesOf(n)), encryption });
  await run(pack);
  const packs = await rows<{ id: string }>("SELECT id FROM blobs");
  expect(packs).toHaveLength(1);
  return packs[0]?.id as string;
}

async function leaveTwenty(): Promise<void> {
  const deletions = Array.from({ length: 40 }, (_, n) => ({ key: keyOf(n + 20) }));
  await deleteObjects(rig.store, { bucket, deletions });
  await run(collect);
}

async function append(key: string, offset: number, bytes: Uint8Array, encryption?: EncryptionRequest): Promise<void> {
  const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", ...(encryption ? { encryption } : {}) };
  await appendObject(rig.store, { bucket, key, offset, body: () => bodyOf(bytes), created });
}

interface Shards {
  shards: Map<string, Uint8Array>;
  name: string;
}

async function shardsOf(blobId: string): Promise<Shards[]> {
  const [blob] = await rows<{ shards: string }>(`SELECT shards FROM blobs WHERE id = '${blobId}'`);
  return (JSON.parse(blob?.shards ?? "[]") as [string, string][]).map(([drive, name]) => {
    const { shards } = rig.drives.find((one) => one.name === drive) as { shards: Map<string, Uint8Array> };
    return { shards, name };
  });
}

const shardBytesOf = async (id: string) =>
  (await shardsOf(id)).map(({ shards, name }) => Buffer.from(shards.get(name) ?? []).toString("hex"));

/** Forges the first frame of the blob's first shard, its check included. */
async function forge(blobId: string): Promise<void> {
  const [{ shards, name }] = (await shardsOf(blobId)) as [Shards];
  shards.set(name, forgeFrame(rig.store.engine, shards.get(name) as Uint8Array));
}

describe.each(FORMS)("$form", (encryption) => {
  test("what was appended to a packed object is still there after its pack became sparse", {
    tags: ["slow"],
  }, async () => {
    const before = await putPacked(encryption);
    const tail = pattern(30, 9);
    await append(keyOf(0), 100, tail);
    await leaveTwenty();
    await run(pack);
    await run(collect);
    const packs = await rows<{ id: string; refs: number }>(
      "SELECT id, (SELECT count(*) FROM blob_refs r WHERE r.blob_id = b.id) AS refs FROM blobs b ORDER BY refs",
    );
    // The object that goes on in its row keeps the old pack.
    expect(packs).toEqual([
      { id: before, refs: 1 },
      { id: expect.any(String), refs: 19 },
    ]);
    expect(Buffer.concat([bytesOf(0), tail]).equals(await read(keyOf(0)))).toBe(true);
    for (let n = 1; n < 20; n++) expect(Buffer.from(bytesOf(n)).equals(await read(keyOf(n)))).toBe(true);
  });

  test("an append between the packer's two looks at an object leaves it as it is", async () => {
    await putPacked(encryption);
    await leaveTwenty();
    const { packing } = rig.store.metadata;
    const scan = packing.scan.bind(packing);
    const tail = pattern(30, 9);
    packing.scan = async (table, after, limit) => {
      const scanned = await scan(table, after, limit);
      if (table === "objects" && after === null) await append(keyOf(0), 100, tail);
      return scanned;
    };
    await run(pack);
    expect(Buffer.concat([bytesOf(0), tail]).equals(await read(keyOf(0)))).toBe(true);
  });

  test("a forged frame is found out when a packed object is read, and the object rebuilt from parity", {
    tags: ["slow"],
  }, async () => {
    const id = await putPacked(encryption);
    await forge(id);
    expect(Buffer.from(bytesOf(0)).equals(await read(keyOf(0)))).toBe(true);
    expect(await rows("SELECT shard, cause FROM damage")).toEqual([{ shard: 0, cause: "corrupt" }]);
  });

  test("a forged shard that was noted is healed, and not from another that is forged", { tags: ["slow"] }, async () => {
    const id = await putPacked(encryption);
    const before = await shardBytesOf(id);
    await forge(id);
    await read(keyOf(0));
    await run(heal);
    expect(await rows("SELECT shard FROM damage")).toEqual([]);
    expect(await shardBytesOf(id)).toEqual(before);
    // Without a note of its own it is found when another shard is computed from it.
    await forge(id);
    const [, lost] = (await shardsOf(id)) as [Shards, Shards];
    lost.shards.delete(lost.name);
    await rig.store.metadata.blobs.noteDamage([{ blobId: id, shard: 1, cause: "absent" }], [], clock.now());
    await run(heal);
    await run(heal);
    expect(await rows("SELECT shard FROM damage")).toEqual([]);
    expect(await shardBytesOf(id)).toEqual(before);
  });

  test("a forged frame is not copied into a new pack", { tags: ["slow"] }, async () => {
    const id = await putPacked(encryption);
    await leaveTwenty();
    await forge(id);
    await run(pack);
    expect(await rows("SELECT shard, cause FROM damage")).toEqual([{ shard: 0, cause: "corrupt" }]);
    await run(collect);
    expect(await rows(`SELECT id FROM blobs WHERE id = '${id}'`)).toEqual([]);
    for (let n = 0; n < 20; n++) expect(Buffer.from(bytesOf(n)).equals(await read(keyOf(n)))).toBe(true);
  });

  test("a pack that was forged, and has no parity left, stays where it is", { tags: ["slow"] }, async () => {
    const id = await putPacked(encryption);
    await leaveTwenty();
    await forge(id);
    for (const { shards, name } of (await shardsOf(id)).slice(geometryOf().k)) shards.delete(name);
    await run(pack);
    await run(collect);
    expect(await rows("SELECT id FROM blobs")).toEqual([{ id }]);
    await expect(read(keyOf(0))).rejects.toMatchObject({ failure: { kind: "drives-unavailable" } });
  });
});

test("an encrypted object that is larger than a blob in memory is compacted whole", { tags: ["slow"] }, async () => {
  const geometry = geometryOf();
  const sizeBytes = blobBytesMax(geometry, true);
  expect(plainBytesMax(geometry, { tagBytes: 16, isBuffered: true })).toBeLessThan(sizeBytes);
  const partBytes = Math.ceil(sizeBytes / 16);
  let last = new Uint8Array();
  for (let at = 0; at < sizeBytes; at += last.length) {
    last = pattern(Math.min(partBytes, sizeBytes - at), at + 1) as Uint8Array<ArrayBuffer>;
    await append("large", at, last, { form: "AES256" });
  }
  await run(pack);
  const [row] = await rows<{ extents: string }>("SELECT extents FROM objects");
  expect(JSON.parse(row?.extents ?? "[]")).toHaveLength(1);
  expect(Buffer.from(last).equals(await read("large", last.length))).toBe(true);
});
