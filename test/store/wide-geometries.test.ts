import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Geometry } from "../../src/erasure/geometry.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { openObject } from "../../src/store/read/objects.ts";
import type { IncomingBody } from "../../src/store/types.ts";
import { appendObject } from "../../src/store/write/append.ts";
import { BUFFERED_BYTES_MAX, blobBytesMax } from "../../src/store/write/blob-layouts.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { ShardSet } from "../../src/store/write/shard-set.ts";
import { putObject } from "../../src/store/write/write.ts";
import type { Fault, FaultPlan } from "../support/faulty.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";
import { bucket, contentOf, ONE_BLOB, openWide, SIX_THREE, same } from "./support/wide.ts";

// Of a geometry of more than six shards no more than six may be on their way at a time, or none of them ever arrives.

const GEOMETRIES: Geometry[] = [
  { k: 6, m: 3 },
  { k: 16, m: 4 },
];
const BYTES = pattern(2 * blobBytesMax({ k: 16, m: 4 }) + 4_321, 7);

let rig: TestStore;

beforeAll(async () => {
  rig = await openTestStore();
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterAll(() => rig.dispose());

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

it("shards that are streamed side by side would wait for each other: what this file guards against", async () => {
  const { store, connections } = openWide(rig, SIX_THREE);
  const layout = { ...SIX_THREE, blockBytes: 128, blobBytes: 6 * 128 };
  let isOpen = false;
  void ShardSet.open(store.engine, "01KAJ0000000000000000000AA", layout, { drives: store.drives.slice(0, 9) }).then(
    () => {
      isOpen = true;
    },
  );
  await turns(50);
  expect([isOpen, connections.taken, connections.waiting]).toEqual([false, 6, 3]);
});

describe.each(GEOMETRIES)("$k+$m", (geometry) => {
  const { k, m } = geometry;
  const blobs = Math.ceil(BYTES.length / blobBytesMax(geometry));

  it("is written six shards at a time and read back, whole and in part", async () => {
    const { store, connections, counted, drives } = openWide(rig, geometry);
    await putObject(store, put(bucket, `whole-${k}`, BYTES));
    expect(counted).toEqual({ roundTrips: 2, calls: blobs * (k + m) });
    expect(drives.reduce((sum, drive) => sum + drive.shards.size, 0)).toBe(blobs * (k + m));
    expect([connections.mostTaken, connections.taken, connections.waiting]).toEqual([6, 0, 0]);
    expect(store.shardMemory.freeBytes).toBe(BUFFERED_BYTES_MAX);
    expect(same(await contentOf(store, `whole-${k}`), BYTES)).toBe(true);
    const offset = blobBytesMax(geometry) - 1_000;
    const { read } = await openObject(store, { bucket, key: `whole-${k}`, hint: { offset, length: 2_000 } });
    const got = await readAll(await read({ offset, length: 2_000 }));
    expect(same(got, BYTES.subarray(offset, offset + 2_000))).toBe(true);
  });

  it.each<Fault>([{ kind: "hang" }, { kind: "fail", fault: "unreachable" }])(
    `survives drives that $kind while it is written and while it is read`,
    { tags: ["slow"] },
    async (fault) => {
      const bad = new Set<string>();
      const isBad = ({ name }: { name: string }) => Number(name.slice("wide-".length)) < m - 1;
      const plan: FaultPlan = ({ drive }) => (bad.has(drive) ? fault : null);
      const { store, drives } = openWide(rig, geometry, { plan, isBad });
      const name = (suffix: string) => `${fault.kind}-${k}-${suffix}`;
      await putObject(store, put(bucket, name("before"), BYTES));
      for (const drive of store.drives.filter(isBad)) bad.add(drive.name);
      await putObject(store, put(bucket, name("during"), BYTES));
      for (const key of [name("before"), name("during")]) {
        // Another invocation, in another isolate: nothing is known of the drives, and no connection is taken.
        const reader = openWide(rig, geometry, { plan, isBad, drives });
        expect(same(await contentOf(reader.store, key), BYTES)).toBe(true);
        expect(reader.connections.mostTaken).toBe(6);
      }
    },
  );

  it("is refused, and holds nothing, where too few drives answer", { tags: ["slow"] }, async () => {
    const isBad = ({ name }: { name: string }) => Number(name.slice("wide-".length)) < 20 - k;
    const { store } = openWide(rig, geometry, {
      plan: ({ drive }) => (isBad({ name: drive }) ? { kind: "hang" } : null),
      isBad,
    });
    const failure = { failure: { kind: "drives-unavailable", needed: k + 1 } };
    await expect(putObject(store, put(bucket, `few-${k}`, BYTES))).rejects.toMatchObject(failure);
    expect(await contentOf(store, `few-${k}`)).toBeNull();
    expect(store.shardMemory.freeBytes).toBe(BUFFERED_BYTES_MAX);
  });
});

describe("a body of several blobs", () => {
  const bytes = BYTES.subarray(0, ONE_BLOB + 9_000);

  it("waits for memory where others have it, and all get through", { tags: ["slow"] }, async () => {
    const { store } = openWide(rig, SIX_THREE);
    const bodies = [1, 2, 3, 4, 5].map((at) => BYTES.subarray(at, at + ONE_BLOB + at));
    await Promise.all(bodies.map((body, at) => putObject(store, put(bucket, `many-${at}`, body))));
    for (const [at, body] of bodies.entries()) expect(same(await contentOf(store, `many-${at}`), body)).toBe(true);
    expect(store.shardMemory.freeBytes).toBe(BUFFERED_BYTES_MAX);
  });

  it.each([
    [ONE_BLOB + 9_000, "its last blob is partly filled"],
    [ONE_BLOB - 9_000, "its last blob is not"],
    [ONE_BLOB, "its last blob is not, to the byte"],
  ])("may turn out to be shorter than its bound: %d bytes, %s", { tags: ["slow"] }, async (sizeBytes) => {
    const { store } = openWide(rig, SIX_THREE);
    const whole = BYTES.subarray(0, sizeBytes);
    const body: IncomingBody = { ...bodyOf(whole), sizeBytes: ONE_BLOB + 10_000, sizeIsBound: true };
    await putObject(store, { ...put(bucket, "bound", whole), body });
    expect(same(await contentOf(store, "bound"), whole)).toBe(true);
  });

  it("that breaks off leaves nothing to be seen and no memory taken", { tags: ["slow"] }, async () => {
    const { store, connections } = openWide(rig, SIX_THREE);
    const short = bodyOf(bytes.subarray(0, ONE_BLOB + 1_000));
    const body: IncomingBody = { ...short, sizeBytes: bytes.length };
    const broken = putObject(store, { ...put(bucket, "broken", bytes), body });
    await expect(broken).rejects.toMatchObject({ failure: { kind: "incomplete-body" } });
    expect(await contentOf(store, "broken")).toBeNull();
    expect([store.shardMemory.freeBytes, connections.taken]).toEqual([BUFFERED_BYTES_MAX, 0]);
  });

  it("is appended to, copied to another class, and uploaded in parts", { tags: ["slow"] }, async () => {
    const { store } = openWide(rig, SIX_THREE);
    const key = "parts";
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
    const twice = new Uint8Array(Buffer.concat([bytes, bytes]));
    await putObject(store, put(bucket, key, bytes));
    await appendObject(store, { bucket, key, offset: bytes.length, body: () => bodyOf(bytes), created });
    expect(same(await contentOf(store, key), twice)).toBe(true);
    const copy = { source: { bucket, key }, check: () => {}, attributes: "copy" as const };
    await copyObject(store, { ...copy, bucket, key: "copy", storageClass: "STANDARD_IA" });
    expect(same(await contentOf(store, "copy"), twice)).toBe(true);
    const upload = { bucket, key: "upload", owner: "root", ...created, checksum: null };
    const { uploadId } = await createUpload(store, upload);
    const parts = [];
    for (const partNumber of [1, 2]) {
      const part = { bucket, key: "upload", uploadId, partNumber, body: () => bodyOf(bytes) };
      const { etag } = await uploadPart(store, part);
      parts.push({ partNumber, etag });
    }
    await completeUpload(store, { bucket, key: "upload", uploadId, parts });
    expect(same(await contentOf(store, "upload"), twice)).toBe(true);
  });
});
